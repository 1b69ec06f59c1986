import Foundation
public import MeshModel
import MeshTransport

/// The shared configuration of AWS tools: `~/.aws/config` and `~/.aws/credentials`.
///
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files"; botocore `configloader.py`. The
/// credentials file wins where both name a setting of a profile.
public struct AWSConfigFiles: Sendable, Hashable {
  /// The settings of each profile.
  public private(set) var profiles: [String: [String: String]] = [:]
  /// The endpoints of each `services` section: section, then service, then setting.
  public private(set) var services: [String: [String: [String: String]]] = [:]

  /// Files read as texts, for tests.
  public init(config: String = "", credentials: String = "") {
    for (section, settings) in Self.sections(config) {
      let words = section.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
      if words == ["default"] || words == ["profile", "default"] {
        profiles["default", default: [:]].merge(settings.plain) { $1 }
      } else if words.count == 2, words[0] == "profile" {
        profiles[words[1], default: [:]].merge(settings.plain) { $1 }
      } else if words.count == 2, words[0] == "services" {
        services[words[1]] = settings.nested
      }
    }
    for (section, settings) in Self.sections(credentials) {
      profiles[section, default: [:]].merge(settings.plain) { $1 }
    }
  }

  /// The files that the environment names, or those of the home folder; a file that is not there is empty.
  public static func load(environment: [String: String]) throws(MeshError) -> AWSConfigFiles {
    AWSConfigFiles(
      config: try text(environment["AWS_CONFIG_FILE"] ?? "~/.aws/config", environment),
      credentials: try text(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials", environment))
  }

  private static func text(_ path: String, _ environment: [String: String]) throws(MeshError) -> String {
    let path = Path.expanded(path, environment)
    guard FileManager.default.fileExists(atPath: path) else { return "" }
    guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20,
      let text = String(validating: data, as: UTF8.self)
    else {
      throw MeshError(.usage, "\(path) cannot be read as text of at most 1 MiB", remedy: "check its permissions")
    }
    return text
  }

  /// The settings of a section: lines `name = value`, and indented ones below a name without a value.
  private struct Settings {
    var plain: [String: String] = [:]
    var nested: [String: [String: String]] = [:]
  }

  private static func sections(_ text: String) -> [(String, Settings)] {
    var result: [(String, Settings)] = []
    var outer = ""
    for line in text.split(whereSeparator: \.isNewline) {
      let content = line.trimmingCharacters(in: .whitespaces)
      if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
      if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
        let name = content[content.index(after: content.startIndex)..<end].trimmingCharacters(in: .whitespaces)
        result.append((name.replacingOccurrences(of: "\"", with: ""), Settings()))
        outer = ""
        continue
      }
      guard !result.isEmpty, let equals = content.firstIndex(of: "=") else { continue }
      let name = content[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
      let value = content[content.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      let place = result.count - 1
      if line.first == " " || line.first == "\t", !outer.isEmpty {
        result[place].1.nested[outer, default: [:]][name] = value
      } else {
        result[place].1.plain[name] = value
        outer = value.isEmpty ? name : ""
      }
    }
    return result
  }
}
