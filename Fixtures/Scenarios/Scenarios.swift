/// The scenarios of the embedded mesh, compiled into the binary.
public enum Scenarios {
  /// The names of all scenarios.
  public static let names = ["shop", "small", "large", "dialects", "hybrid", "clusters", "sofa"]

  /// The YAML text of a scenario by name, or `nil` where there is none of that name.
  public static func yaml(named name: String) -> [UInt8]? {
    switch name {
    case "shop": PackageResources.shop_yaml
    case "small": PackageResources.small_yaml
    case "dialects": PackageResources.dialects_yaml
    case "hybrid": PackageResources.hybrid_yaml
    case "clusters": PackageResources.clusters_yaml
    case "sofa": PackageResources.sofa_yaml
    case "large": PackageResources.large_yaml
    default: nil
    }
  }
}
