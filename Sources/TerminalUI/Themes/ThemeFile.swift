import BuiltInThemes
import Yams

/// A theme file, read.
///
///     name: mine
///     extends: midnight            # the theme it overrides; midnight where absent
///     roles:
///       accent: "#ff8800"          # a colour alone, or
///       bad: { color: "#ff5555", indexed: 203, basic: bright-red, attributes: [bold], mono: [reverse] }
///
/// A file names only what it changes. `indexed` (0–255) and `basic` (a name) are the colours where fewer can be shown,
/// derived from `color` where absent; `mono` are the attributes where there are none. A colour is `#rrggbb`, `#rgb` or
/// `default`, the terminal's own.
public enum ThemeFile {
  /// The names of the themes in the binary, the default first.
  public static var builtInNames: [String] { BuiltInThemes.names }

  /// A theme of the binary by name, read when it is asked for: a start needs one of them.
  public static func builtIn(_ name: String) throws(ThemeError) -> Theme {
    guard let bytes = BuiltInThemes.yaml(named: name) else {
      throw ThemeError(
        file: name, what: "there is no theme of this name",
        remedy: "the themes are \(BuiltInThemes.names.joined(separator: ", "))")
    }
    return try parse(String(decoding: bytes, as: UTF8.self), file: "\(name).yaml", onto: .bare(name))
  }

  /// The theme of a text.
  ///
  /// - Parameters:
  ///   - yaml: the text.
  ///   - file: what to call it in errors.
  /// - Throws: `ThemeError` naming the file, the line and the role at fault.
  public static func parse(_ yaml: String, file: String) throws(ThemeError) -> Theme {
    try parse(yaml, file: file, onto: nil)
  }

  private static func parse(_ yaml: String, file: String, onto plain: Theme?) throws(ThemeError) -> Theme {
    let root: Node?
    do {
      // Nothing here asks what a scalar is beyond its text: Yams compiles expressions for that, at every start.
      root = try Yams.compose(yaml: yaml, .basic)
    } catch let error as YamlError {
      throw ThemeError(file: file, line: error.line, what: "this is not YAML", remedy: "mind quotes and indentation")
    } catch {
      throw ThemeError(file: file, what: "this is not YAML", remedy: "mind quotes and indentation")
    }
    guard case .mapping(let mapping) = root else {
      throw ThemeError(file: file, line: 1, what: "a theme is a mapping", remedy: "begin with name: and roles:")
    }
    var theme = plain
    if plain == nil {
      theme = try builtIn(mapping.value("extends")?.string ?? BuiltInThemes.names.first ?? "midnight")
    }
    var result = theme ?? .plain
    for (key, value) in mapping {
      switch key.string ?? "" {
      case "name": result.name = value.string ?? file
      case "extends": break
      case "roles":
        guard case .mapping(let roles) = value else {
          throw ThemeError(file: file, line: value.line, what: "roles is not a mapping", remedy: "write role: colour")
        }
        for (name, value) in roles { try apply(name, value, file, &result) }
      default:
        throw ThemeError(
          file: file, line: key.line, what: "\"\(SafeText.escape(key.string ?? "?"))\" is no part of a theme",
          remedy: "use name, extends, roles")
      }
    }
    return result
  }

  private static func apply(
    _ name: Node, _ value: Node, _ file: String, _ theme: inout Theme
  ) throws(ThemeError) {
    let written = name.string ?? "?"
    guard let role = Role(name: written) else {
      throw ThemeError(
        file: file, line: name.line, role: SafeText.escape(written), what: "there is no such role",
        remedy: "the roles are \(Role.allCases.map(\.name).joined(separator: ", "))")
    }
    func fault(_ node: Node, _ what: String, _ remedy: String) -> ThemeError {
      ThemeError(file: file, line: node.line ?? name.line, role: role.name, what: what, remedy: remedy)
    }
    var paint = theme[role]
    let color: (Node) throws(ThemeError) -> Color = { node throws(ThemeError) in
      guard let color = Color(node.string ?? "") else {
        throw fault(node, "\"\(SafeText.escape(node.string ?? "?"))\" is no colour", "write \"#rrggbb\" or default")
      }
      return color
    }
    switch value {
    case .scalar:
      paint.color = try color(value)
      (paint.indexed, paint.basic) = (nil, nil)
    case .mapping(let parts):
      if let node = parts.value("color") {
        paint.color = try color(node)
        (paint.indexed, paint.basic) = (nil, nil)
      }
      for (key, node) in parts {
        switch key.string ?? "" {
        case "color": break
        case "indexed":
          guard let text = node.string, let index = UInt8(text) else {
            throw fault(node, "indexed is no number from 0 to 255", "write indexed: 203")
          }
          paint.indexed = index
        case "basic":
          guard let index = basicNames.firstIndex(of: node.string ?? "") else {
            throw fault(node, "basic is none of the 16 colours", "use \(basicNames.joined(separator: ", "))")
          }
          paint.basic = UInt8(truncatingIfNeeded: index)
        case "attributes", "mono":
          guard let attributes = attributes(node) else {
            throw fault(
              node, "\(key.string ?? "") is no list of attributes",
              "use \(Attributes.names.map(\.1).joined(separator: ", "))")
          }
          if key.string == "mono" { paint.mono = attributes } else { paint.attributes = attributes }
        default:
          throw fault(
            key, "\"\(SafeText.escape(key.string ?? "?"))\" is no part of a role",
            "use color, indexed, basic, attributes, mono")
        }
      }
    default:
      throw fault(value, "a role is a colour or a mapping", "write \"#rrggbb\"")
    }
    theme[role] = paint
  }

  private static func attributes(_ node: Node) -> Attributes? {
    var attributes: Attributes = []
    let names: [Node] =
      switch node {
      case .sequence(let sequence): Array(sequence)
      case .scalar: [node]
      default: []
      }
    for name in names {
      guard let known = Attributes.names.first(where: { $0.1 == name.string }) else { return nil }
      attributes.insert(known.0)
    }
    if case .mapping = node { return nil }
    return attributes
  }

  private static let basicNames = [
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "bright-black", "bright-red",
    "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
  ]
}

extension Node {
  fileprivate var line: Int? { mark?.line }
}

extension YamlError {
  fileprivate var line: Int? {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    default: nil
    }
  }
}

extension Node.Mapping {
  /// The value of a name, by its text.
  fileprivate func value(_ name: String) -> Node? { first { $0.key.string == name }?.value }
}
