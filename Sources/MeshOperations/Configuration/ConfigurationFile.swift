import Foundation
public import MeshModel
import MeshPlanes
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
    guard let text = try self.text() else { return nil }
    return try Self.parse(text, path: path)
  }

  /// The text of the file, or `nil` where there is no file.
  private func text() throws(MeshError) -> String? {
    // Opened without waiting, so that a pipe in its place does not hold us up.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw failure("read \(path)") }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 20,
      let data = try? FileHandle(fileDescriptor: file, closeOnDealloc: false).readToEnd() ?? Data()
    else { throw MeshError(.usage, "\(path) is no plain file of at most 1 MiB", remedy: "move it away") }
    guard let text = String(validating: data, as: UTF8.self) else { throw MeshError(.usage, "\(path) is not UTF-8") }
    return text
  }

  /// Reads the configuration, changes it and writes it back, while no other process does so; where planes are added or
  /// removed, all else in the file stays as it was written.
  public func update<Result>(
    _ change: (inout Configuration) throws(MeshError) -> Result
  ) throws(MeshError) -> Result {
    try makeFolder()
    return try FileLock.held(path + ".lock") { () throws(MeshError) in
      let text = try self.text()
      let before = try text.map { text throws(MeshError) in try Self.parse(text, path: path) } ?? Configuration()
      var configuration = before
      let result = try change(&configuration)
      let edited = text.flatMap { ConfigurationText.edited($0, from: before, to: configuration) }
      let new = edited ?? Self.yaml(of: configuration)
      do throws(MeshError) { _ = try Self.parse(new, path: path) } catch {
        throw MeshError(
          .usage, "nothing is written, since it could not be read again: \(error.message)", remedy: error.remedy)
      }
      try write(new)
      return result
    }
  }

  /// Writes a configuration: a new file beside it, then renamed into its place; folder 0700, file 0600.
  public func write(_ configuration: Configuration) throws(MeshError) {
    try write(Self.yaml(of: configuration))
  }

  private func write(_ text: String) throws(MeshError) {
    try makeFolder()
    // A file that is a link, as of somebody who keeps their settings elsewhere, is replaced where it leads.
    let path =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil
      ? path : (path as NSString).resolvingSymlinksInPath
    let temporary = path + ".\(getpid())"
    // One that a crash left, in a container where numbers of processes come again.
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("write \(temporary)") }
    let bytes = Array(text.utf8)
    let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    let synced = fsync(file)
    close(file)
    guard written == bytes.count, synced == 0, rename(temporary, path) == 0 else {
      let error = failure("write \(path)")
      unlink(temporary)
      throw error
    }
  }

  private func makeFolder() throws(MeshError) {
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw MeshError(.local, "cannot make \(folder)", remedy: "check its permissions", underlying: error)
    }
  }

  private func failure(_ attempt: String) -> MeshError {
    MeshError(.local, "cannot \(attempt): \(String(cString: strerror(errno)))")
  }

  /// A configuration from YAML text; an error names line and field, and the path as where they stand.
  public static func parse(_ text: String, path: String) throws(MeshError) -> Configuration {
    let root: Node?
    do { root = try Yams.compose(yaml: text, .basic) } catch {
      throw MeshError(.usage, "\(path)\(Self.place(of: error))")
    }
    guard let root else { return Configuration() }
    let reader = ConfigurationReader(path: path)
    return try reader.configuration(root)
  }

  /// The place and the problem of YAML that cannot be read, in one line.
  private static func place(of error: any Error) -> String {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
      .composer(_, let problem, let mark, _)?:
      ":\(mark.line):\(mark.column): \(problem)"
    default: " is not YAML: \(error)".replacing("\n", with: " ")
    }
  }

  /// The lines of what a plane says of Azure.
  private static func lines(of azure: AzureSettings?, kind: Plane.Kind) -> [String] {
    guard let azure else { return [] }
    let names = kind == .kubernetes ? AzureSettings.clusterFields : AzureSettings.fields
    let pairs = names.compactMap { name in azure[name].map { "\(name): \(JSONWriter.text(.string($0)))" } }
    return kind == .kubernetes ? ["azure: {\(pairs.joined(separator: ", "))}"] : pairs
  }

  private static func quoted(_ text: String) -> String { JSONWriter.text(.string(text)) }

  /// The lines of a plane, an element of the list of planes.
  static func lines(of plane: PlaneSetting) -> [String] {
    var lines: [String] = []
    lines.append("  - name: \(quoted(plane.name))")
    lines.append("    kind: \(plane.kind.rawValue)")
    if let value = plane.kubeconfig { lines.append("    kubeconfig: \(quoted(value))") }
    if let value = plane.context { lines.append("    context: \(quoted(value))") }
    if let value = plane.region { lines.append("    region: \(quoted(value))") }
    if let value = plane.endpoint { lines.append("    endpoint: \(quoted(value))") }
    if let value = plane.profile { lines.append("    profile: \(quoted(value))") }
    lines += Self.lines(of: plane.azure, kind: plane.kind).map { "    " + $0 }
    for field in ConsulSettings.fields {
      if let value = plane.consul[field] { lines.append("    \(field): \(quoted(value))") }
    }
    if let value = plane.project { lines.append("    project: \(quoted(value))") }
    if let value = plane.location { lines.append("    location: \(quoted(value))") }
    if let value = plane.credentialsFile { lines.append("    credentialsFile: \(quoted(value))") }
    if let xds = plane.istiodDiscovery {
      lines += ["    istiod:", "      xds:"] + xds.yaml.map { "        " + $0 }
    }
    if let value = plane.istiod {
      let token =
        switch plane.istiodToken {
        case nil: ""
        case .file(let path): ", bearerTokenFile: \(quoted(path))"
        case .variable(let name): ", bearerTokenEnv: \(quoted(name))"
        case .kubeconfig: ", kubeconfigToken: true"
        }
      lines.append("    istiod: {url: \(quoted(value))\(token)}")
    }
    if !plane.envoy.isEmpty {
      lines.append(plane.kind == .mosn ? "    mosn:" : "    envoy:")
      lines += plane.envoy.map { place in
        let workload = place.workload.isEmpty ? "" : ", workload: \(quoted(place.workload))"
        return "      - {url: \(quoted(place.url))\(workload)}"
      }
    }
    if let xds = plane.xds { lines += ["    xds:"] + xds.yaml.map { "      " + $0 } }
    if plane.readOnly { lines.append("    readOnly: true") }
    if let telemetry = plane.telemetry {
      lines.append("    telemetry:")
      lines.append("      \(telemetry.kind.rawValue):")
      if !telemetry.urls.isEmpty {
        lines.append("        urls: [\(telemetry.urls.map(quoted).joined(separator: ", "))]")
      }
      lines += telemetry.texts.compactMap { name, value in value.map { "        \(name): \(quoted($0))" } }
      if !telemetry.headers.isEmpty {
        lines.append("        headers:")
        lines += telemetry.headers.sorted { $0.key < $1.key }.map {
          "          \(quoted($0.key)): \(quoted($0.value))"
        }
      }
    }
    return lines
  }

  /// The YAML text of a configuration.
  static func yaml(of configuration: Configuration) -> String {
    var lines = ["planes:"] + configuration.planes.flatMap { Self.lines(of: $0) }
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
