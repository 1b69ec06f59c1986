/// The colour themes compiled into the binary.
public enum BuiltInThemes {
  /// The names, the default first.
  public static let names = ["midnight", "daylight", "high-contrast", "solarized-dark", "deuteranopia", "mono"]

  /// The YAML text of a theme by name, or `nil` where there is none of that name.
  public static func yaml(named name: String) -> [UInt8]? {
    switch name {
    case "midnight": PackageResources.midnight_yaml
    case "daylight": PackageResources.daylight_yaml
    case "high-contrast": PackageResources.high_contrast_yaml
    case "solarized-dark": PackageResources.solarized_dark_yaml
    case "deuteranopia": PackageResources.deuteranopia_yaml
    case "mono": PackageResources.mono_yaml
    default: nil
    }
  }
}
