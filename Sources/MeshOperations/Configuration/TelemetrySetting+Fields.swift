import MeshModel

extension TelemetrySetting {
  /// The fields of the configuration file that hold one text each, and what is said there.
  var texts: [(name: String, value: String?)] {
    [
      (name: "bearerTokenFile", value: bearerTokenFile), (name: "bearerTokenEnv", value: bearerTokenEnv),
      (name: "username", value: username), (name: "passwordFile", value: passwordFile),
      (name: "passwordEnv", value: passwordEnv), (name: "caFile", value: caFile), (name: "awsRegion", value: awsRegion),
      (name: "namespace", value: namespace),
    ]
  }

  /// The fields that a source has, by its kind.
  private static let fields: [Kind: Set<String>] = {
    let scraped: Set<String> = [
      "url", "urls", "bearerTokenFile", "bearerTokenEnv", "username", "passwordFile", "passwordEnv", "caFile",
      "headers",
    ]
    return [
      .prometheus: scraped.union(["awsRegion"]), .scrape: scraped, .cloudWatch: ["url", "urls", "namespace"],
      .trafficMetrics: [],
    ]
  }()

  /// The fields that a source of any kind has.
  static var knownFields: Set<String> { fields.values.reduce(into: []) { $0.formUnion($1) } }

  /// The fields that prove who asks: one where all is well.
  private var proofs: [String] {
    let named = ["bearerTokenFile", "bearerTokenEnv", "username", "awsRegion"]
    let said = texts.filter { $0.value != nil }.map { $0.name }
    let isInHeaders = headers.keys.contains { $0.lowercased() == "authorization" }
    return named.filter { said.contains($0) } + (isInHeaders ? ["headers: Authorization"] : [])
  }

  /// What a source of this kind cannot use or lacks on a plane, and the field that it is about; `nil` where everything that is
  /// said counts.
  func fault(on plane: Plane.Kind) -> (field: String, words: String)? {
    let own = Self.fields[kind] ?? []
    let name = kind.rawValue
    let said = texts.filter { $0.value != nil }.map { $0.name } + (headers.isEmpty ? [] : ["headers"])
    if let stray = said.first(where: { !own.contains($0) }) {
      let owners = Self.fields.filter { $0.value.contains(stray) }.keys.map(\.rawValue).sorted()
      let known = own.isEmpty ? "no fields" : own.sorted().joined(separator: ", ")
      return (field: stray, words: "\(stray) is for \(owners.joined(separator: " and ")) alone; \(name) has \(known)")
    }
    if urls.isEmpty, kind == .prometheus || kind == .scrape { return (field: "url", words: "\(name) needs a url") }
    if urls.count > 1, kind != .scrape {
      return (
        field: "urls",
        words: "\(name) is asked at one url, and these are \(urls.count): say the one that answers for all"
      )
    }
    if kind == .cloudWatch, namespace == nil { return (field: "namespace", words: "cloudwatch needs a namespace") }
    if urls.contains(where: { $0.split(separator: "/").dropFirst().first?.contains("@") == true }) {
      let instead = own.contains("username") ? "; say username and passwordFile or passwordEnv" : ""
      return (field: "urls", words: "a url of \(name) holds a user or password\(instead)")
    }
    return proofFault(on: plane)
  }

  /// What is wrong with how a source is told who asks.
  private func proofFault(on plane: Plane.Kind) -> (field: String, words: String)? {
    let proofs = proofs
    if let first = proofs.first, proofs.count > 1 {
      return (
        field: first, words: "who asks is proven in one way, not by \(proofs.joined(separator: " and ")): say one"
      )
    }
    if passwordFile != nil, passwordEnv != nil {
      return (field: "passwordFile", words: "a password is in one place: say passwordFile or passwordEnv")
    }
    let hasPassword = passwordFile != nil || passwordEnv != nil
    if hasPassword != (username != nil) {
      let field = hasPassword ? (passwordFile != nil ? "passwordFile" : "passwordEnv") : "username"
      return (field: field, words: "username goes with passwordFile or passwordEnv, and they with it")
    }
    let isGoogles = kind == .prometheus && plane == .trafficDirector && urls.contains(where: PlaneRegistry.isGoogles)
    if isGoogles, let proof = proofs.first {
      return (field: proof, words: "Cloud Monitoring is asked with the plane's own credentials: leave \(proof) out")
    }
    return nil
  }
}
