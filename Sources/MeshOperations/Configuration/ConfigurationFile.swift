import Foundation
public import MeshModel
import Yams

/// The file `$XDG_CONFIG_HOME/meshdeck/config.yaml`.
public struct ConfigurationFile: Sendable {
  /// The file's path.
  public let path: String

  /// A file at a path of the caller's.
  public init(path: String) { self.path = path }

  /// The file the XDG base directory specification names, or `nil` where no folder is known.
  public init?(environment: [String: String]) {
    if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
      path = base + "/meshdeck/config.yaml"
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      path = home + "/.config/meshdeck/config.yaml"
    } else {
      return nil
    }
  }

  /// The configuration in the file, or `nil` where there is no file.
  public func read() throws(MeshError) -> Configuration? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20 else {
      throw MeshError(.usage, "\(path) cannot be read or is larger than 1 MiB", remedy: "check its permissions")
    }
    return try Self.parse(String(decoding: data, as: UTF8.self), path: path)
  }

  /// Writes a configuration: a new file beside it, then renamed into its place; folder 0700, file 0600.
  public func write(_ configuration: Configuration) throws(MeshError) {
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw MeshError(.local, "cannot make \(folder)", remedy: "check its permissions", underlying: error)
    }
    let temporary = path + ".\(getpid())"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("write \(temporary)") }
    let bytes = Array(Self.yaml(of: configuration).utf8)
    let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    let synced = fsync(file)
    close(file)
    guard written == bytes.count, synced == 0, rename(temporary, path) == 0 else {
      let error = failure("write \(path)")
      unlink(temporary)
      throw error
    }
  }

  private func failure(_ attempt: String) -> MeshError {
    MeshError(.local, "cannot \(attempt): \(String(cString: strerror(errno)))")
  }

  /// A configuration from YAML text; an error names line and field.
  static func parse(_ text: String, path: String) throws(MeshError) -> Configuration {
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw MeshError(.usage, "\(path) is not YAML: \(error)")
    }
    guard let root else { return Configuration() }
    let reader = ConfigurationReader(path: path)
    return try reader.configuration(root)
  }

  /// The YAML text of a configuration.
  static func yaml(of configuration: Configuration) -> String {
    var lines: [String] = ["planes:"]
    func quoted(_ text: String) -> String { JSONWriter.text(.string(text)) }
    for plane in configuration.planes {
      lines.append("  - name: \(quoted(plane.name))")
      lines.append("    kind: \(plane.kind.rawValue)")
      if let value = plane.kubeconfig { lines.append("    kubeconfig: \(quoted(value))") }
      if let value = plane.context { lines.append("    context: \(quoted(value))") }
      if let value = plane.istiod { lines.append("    istiod: {url: \(quoted(value))}") }
      if !plane.envoy.isEmpty {
        lines.append("    envoy:")
        lines += plane.envoy.map { "      - {url: \(quoted($0.url)), workload: \(quoted($0.workload))}" }
      }
      if plane.readOnly { lines.append("    readOnly: true") }
      if let telemetry = plane.telemetry {
        lines.append("    telemetry:")
        lines.append("      \(telemetry.kind.rawValue):")
        lines.append("        urls: [\(telemetry.urls.map(quoted).joined(separator: ", "))]")
        let texts = [
          ("bearerTokenFile", telemetry.bearerTokenFile), ("bearerTokenEnv", telemetry.bearerTokenEnv),
          ("username", telemetry.username), ("passwordFile", telemetry.passwordFile),
          ("passwordEnv", telemetry.passwordEnv), ("caFile", telemetry.caFile), ("awsRegion", telemetry.awsRegion),
        ]
        lines += texts.compactMap { name, value in value.map { "        \(name): \(quoted($0))" } }
        if !telemetry.headers.isEmpty {
          lines.append("        headers:")
          lines += telemetry.headers.sorted { $0.key < $1.key }.map { "          \(quoted($0.key)): \(quoted($0.value))" }
        }
      }
    }
    lines.append("theme: \(quoted(configuration.theme))")
    lines.append("readOnly: \(configuration.readOnly)")
    if !configuration.keys.isEmpty {
      lines.append("keys:")
      for (id, keys) in configuration.keys.sorted(by: { $0.key < $1.key }) {
        lines.append("  \(quoted(id)): [\(keys.map(quoted).joined(separator: ", "))]")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
