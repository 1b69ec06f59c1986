/// The scenarios of the embedded mesh, compiled into the binary.
public enum Scenarios {
  /// The YAML text of a scenario by name, or `nil` where there is none of that name.
  public static func yaml(named name: String) -> [UInt8]? {
    name == "shop" ? PackageResources.shop_yaml : nil
  }
}
