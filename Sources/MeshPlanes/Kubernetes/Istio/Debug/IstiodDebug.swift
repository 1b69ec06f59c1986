import MeshModel

/// istiod's debug interface: at a configured address, or in each of its pods through the API server.
///
/// Only GETs without side effects are sent (Istio, `pilot/pkg/xds/debug.go`: `adsz?push=true` and others hide effects).
struct IstiodDebug {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The port of the debug interface in istiod's pods.
  static let port = 8080
  /// The seconds a replica has to begin an answer, or to go on with it.
  static let patience = 10.0

  /// The gap where every replica answers that it has no such thing.
  static let nobodyKnows = "no replica of istiod knows it"

  /// What one replica answered.
  struct Answer<Value: Sendable>: Sendable {
    /// The pod; `istiod` at a configured address.
    var replica: String
    var value: Value
  }

  /// Whether labels are of istiod's pods, or of Pilot's before it. Source: Istio 1.1, the chart `pilot`.
  private static func isControlPlane(_ label: (String) -> String?) -> Bool {
    label("app") == "istiod" || label("istio") == "pilot"
  }

  /// The names of istiod's pods in the root namespace.
  func pods(_ rootNamespace: String, in snapshot: MeshSnapshot) async throws(MeshError) -> [String] {
    if let found = dialect.replicas.pods(of: rootNamespace, in: snapshot) { return found }
    let known = snapshot.endpoints.kept.filter { place in
      place.value.ref.namespace == rootNamespace && place.value.ref.plane == access.plane && place.value.isReady
        && Self.isControlPlane { place.value.labels[$0] }
    }.map(\.value.ref).sorted()
    dialect.replicas.keep(known, of: rootNamespace)
    if !known.isEmpty { return known.map(\.name) }
    let pods = try await access.natives("pod", namespace: rootNamespace)
    return pods.filter { pod in Self.isControlPlane { pod.json["metadata"]?["labels"]?[$0]?.string } }
      .map(\.ref.name).sorted()
  }

  /// The answer of each replica to a path, read piece by piece, and why one is missing.
  ///
  /// - Parameter isElsewhere: Whether "not found" only says that another replica knows, and so is no gap.
  func ask<Reader: PieceReader>(
    _ path: String, rootNamespace: String, in snapshot: MeshSnapshot, isElsewhere: Bool = false, _ reader: Reader
  ) async -> (answers: [Answer<Reader.Value>], gaps: [String]) {
    let pods: [String]
    if dialect.addresses.istiod != nil, dialect.direct != nil {
      pods = ["istiod"]
    } else {
      do throws(MeshError) { pods = try await self.pods(rootNamespace, in: snapshot) } catch {
        return ([], ["istiod's pods: \(error.message)"])
      }
    }
    guard !pods.isEmpty else { return ([], ["no ready istiod pod (label app=istiod) in \(rootNamespace)"]) }
    let replies = await withTaskGroup(of: Reply<Reader.Value>.self) { group in
      for pod in pods { group.addTask { await reply(of: pod, rootNamespace, path, reader) } }
      var replies: [Reply<Reader.Value>] = []
      for await reply in group { replies.append(reply) }
      return replies
    }
    var (answers, gaps) = ([Answer<Reader.Value>](), [String]())
    for reply in replies {
      switch reply {
      case .answer(let answer): answers.append(answer)
      case .nothing(let error) where isElsewhere && error.code == .notFound: break
      case .nothing(let error): gaps.append(error.remedy.map { "\(error.message); \($0)" } ?? error.message)
      }
    }
    if answers.isEmpty, gaps.isEmpty { gaps = [Self.nobodyKnows] }
    return (answers.sorted { $0.replica < $1.replica }, gaps.sorted())
  }

  private enum Reply<Value: Sendable>: Sendable {
    case answer(Answer<Value>)
    case nothing(MeshError)
  }

  private func reply<Reader: PieceReader>(
    of pod: String, _ namespace: String, _ path: String, _ reader: Reader
  ) async -> Reply<Reader.Value> {
    do {
      return .answer(Answer(replica: pod, value: try await value(of: pod, namespace, path, reader)))
    } catch {
      return .nothing(explained(error, path))
    }
  }

  private func value<Reader: PieceReader>(
    of pod: String, _ namespace: String, _ path: String, _ reader: Reader
  ) async throws(MeshError) -> Reader.Value {
    let (access, dialect) = (self.access, self.dialect)
    return try await TimeLimit.within(seconds: Self.patience, total: 30, what: "istiod \(pod)") {
      heard async throws(MeshError) in
      var reader = reader
      reader.begin(pod)
      func take(_ piece: [UInt8]) {
        heard()
        reader.feed(piece)
      }
      if let address = dialect.addresses.istiod, let direct = dialect.direct {
        try await direct(address + path) { take($0) }
      } else {
        try await access.read(pod: pod, namespace: namespace, port: Self.port, path: path) { take($0) }
      }
      do throws(JSONError) { return try reader.finish() } catch {
        throw MeshError(.malformed, "it makes no sense: \(error)", underlying: error)
      }
    }
  }

  /// A failure with what to do about it.
  ///
  /// Since 1.29 istiod wants to know who asks, unless it is asked from loopback (`ENABLE_DEBUG_ENDPOINT_AUTH`); the API
  /// server takes the asker's token away before it passes a request on.
  private func explained(_ error: MeshError, _ path: String) -> MeshError {
    let place =
      dialect.addresses.istiod == nil ? "istiod's \(path.prefix { $0 != "?" })" : "istiod at its configured address"
    var error = error
    // What the API server itself forbids is about pods, not about istiod.
    let isOfServer = error.code == .forbidden && error.message.contains("pods/proxy")
    error.message = "\(place): \(error.message)"
    switch error.code {
    case .unauthenticated where dialect.addresses.istiod == nil:
      error.remedy =
        "it wants to know who asks and the API server does not pass that on: forward its port (`kubectl -n \(MeshSettings().rootNamespace) port-forward deploy/istiod \(Self.port)`) and configure istiod: {url: http://127.0.0.1:\(Self.port)}"
    case .unauthenticated:
      error.remedy =
        "configure istiod: {url, bearerTokenFile} with a token of an account in istiod's namespace (kubectl create token, audience istio-ca), or kubeconfigToken: true"
    case .forbidden where !isOfServer:
      error.remedy =
        "the account is to be in istiod's namespace or in DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES; ENABLE_DEBUG_ENDPOINT_AUTH=false of istiod asks nobody"
    case .notFound: error.remedy = "ENABLE_DEBUG_ON_HTTP=false of istiod takes its debug interface away"
    default: break
    }
    return error
  }
}

/// Something read from an answer while it comes in pieces.
protocol PieceReader: Sendable {
  associatedtype Value: Sendable

  /// Takes note of whose answer comes.
  mutating func begin(_ replica: String)

  /// Takes the next piece.
  mutating func feed(_ piece: [UInt8])

  /// What was read, once the answer has come to its end.
  func finish() throws(JSONError) -> Value
}

extension PieceReader {
  /// Most care for what is said, not for who says it.
  mutating func begin(_ replica: String) {}
}

/// An answer kept whole, for those that do not grow with the mesh.
struct WholeAnswer: PieceReader {
  /// An answer larger than this is none of istiod's.
  private static let limit = 16 << 20

  private var bytes: [UInt8] = []
  private var isTooLarge = false

  mutating func feed(_ piece: [UInt8]) {
    isTooLarge = isTooLarge || bytes.count + piece.count > Self.limit
    if isTooLarge { bytes = [] } else { bytes += piece }
  }

  func finish() throws(JSONError) -> [UInt8] {
    if isTooLarge { throw JSONError(.malformed, at: Self.limit, expected: "no more than \(Self.limit) bytes") }
    return bytes
  }
}
