import Foundation
import MeshModel
import MeshPlanes
import Testing

/// A Kubernetes API server that the contract is held against; each is started once, on first use.
enum ContractServer: Sendable, Hashable, CustomTestStringConvertible {
  /// The embedded mesh, as `meshdeck demo --serve` serves it.
  case embedded
  /// A real API server with etcd, where it can be had on this machine.
  case real
  /// One that `MESHDECK_TEST_KUBECONFIG` names: paths of kubeconfigs, separated by colons.
  case named(String)

  static let all: [ContractServer] = {
    let list = ProcessInfo.processInfo.environment["MESHDECK_TEST_KUBECONFIG"] ?? ""
    return [.embedded, .real] + list.split(separator: ":").map { .named(String($0)) }
  }()

  var testDescription: String {
    switch self {
    case .embedded: "the embedded mesh"
    case .real: "a real API server"
    case .named(let path): path
    }
  }

  /// The server by its kubeconfig, or `nil` where it cannot be had here; whoever has no rights may only discover.
  func plane(isPrivileged: Bool = true, dialects: [any KubernetesDialect] = []) async throws -> KubernetesPlane? {
    var context: String?
    let config: Kubeconfig
    switch self {
    case .embedded:
      let path = try await DemoServer.contract.endpoints().kubeconfig
      if isPrivileged {
        config = try Kubeconfig.load(path: path, environment: [:])
      } else {
        let text = try String(contentsOfFile: path, encoding: .utf8).replacing("\"admin\"", with: "\"stranger\"")
        config = try Kubeconfig.load(path: Tool(kubeconfig: nil).file("stranger", text), environment: [:])
      }
    case .real:
      guard let path = try await RealServer.shared.kubeconfig() else { return nil }
      config = try Kubeconfig.load(path: path, environment: [:])
    case .named(let path): config = try Kubeconfig.load(path: path, environment: [:])
    }
    if !isPrivileged, self != .embedded {
      guard config.contexts.contains(where: { $0.name == "unprivileged" }) else { return nil }
      context = "unprivileged"
    }
    return try KubernetesPlane(
      name: "contract", connection: KubernetesConnection(config, context: context, environment: [:]), dialects: dialects
    )
  }
}

/// The laboratory's API server, started once; it ends with the process of the tests, whose pipe it reads from.
actor RealServer {
  static let shared = RealServer()

  private var start: Task<String?, any Error>?
  private var process: Process?
  private var lifeline: Pipe?

  /// The path of its kubeconfig, or `nil`, said loudly, where it cannot be had here.
  func kubeconfig() async throws -> String? {
    if let start { return try await start.value }
    let (process, lifeline) = (Process(), Pipe())
    self.process = process
    self.lifeline = lifeline
    let task = Task { try await Self.launch(process, lifeline) }
    start = task
    return try await task.value
  }

  /// The definitions of Istio's types: where `MESHDECK_CRDS` says, or in a folder `shared/crds` beside or above.
  static let definitions: String? = {
    if let path = ProcessInfo.processInfo.environment["MESHDECK_CRDS"] { return path }
    var folder = URL(filePath: Tool.root)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let path = folder.appending(path: "shared/crds/istio.yaml").path
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    return nil
  }()

  private static func launch(_ process: Process, _ lifeline: Pipe) async throws -> String? {
    let folder = try Tool.temporaryFolder()
    let (output, errors) = (folder + "/said", folder + "/errors")
    for path in [output, errors] { try Data().write(to: URL(filePath: path)) }
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments =
      [
        "-c",
        #"script="$1"; folder="$2"; shift 2; "$script" start "$folder" "$@" </dev/null || { echo "failed $?"; exit; }; cat; "$script" stop "$folder"; rm -rf "$folder""#,
        "sh", "\(Tool.root)/Tests/Laboratory/kube-apiserver", folder,
      ] + [definitions].compactMap(\.self)
    process.standardInput = lifeline
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    if definitions == nil {
      print(
        "SKIPPED: there are no definitions of Istio's types (MESHDECK_CRDS): the real server is tested without them")
    }
    try process.run()
    let deadline = ContinuousClock.now.advanced(by: .seconds(150))
    while true {
      if let data = FileManager.default.contents(atPath: output), data.last == 0x0A {
        let said = String(decoding: data, as: UTF8.self)
        guard said.hasPrefix("failed") else { return try JSONValue(parsing: said)["kubeconfig"]?.string }
        let why = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
        try #require(said.hasPrefix("failed 77"), "the real API server did not start: \(why)")
        print("SKIPPED: NO REAL API SERVER, the contract is held against the embedded mesh alone. \(why)")
        return nil
      }
      try #require(ContinuousClock.now < deadline, "the real API server was not ready within 150 s")
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}
