/// The colour themes compiled into the binary.
public enum BuiltInThemes {
  /// The YAML text of a theme by name, or `nil` where there is none of that name.
  public static func yaml(named name: String) -> [UInt8]? {
    name == "midnight" ? PackageResources.midnight_yaml : nil
  }
}
