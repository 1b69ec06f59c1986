import MeshModel

/// What Consul refuses to store, in its words.
///
/// Source: hashicorp/consul, `Validate` in `agent/structs/config_entry_discoverychain.go`, `config_entry_intentions.go` and
/// `config_entry_mesh.go`; `agent/consul/discoverychain/compile.go` for what one entry may say of the others.
enum ConsulRules {
  /// Checks an entry that is to be written beside the others.
  static func check(_ entry: JSONValue, among entries: ConsulEntries) throws(ConsulFailure) {
    let (kind, name) = (entry["Kind"]?.string ?? "", entry["Name"]?.string ?? "")
    guard !name.isEmpty else { throw ConsulFailure(500, "Name is required") }
    switch kind {
    case "service-splitter": try checkSplits(entry, name)
    case "service-intentions": try checkSources(entry)
    case "proxy-defaults" where name != "global":
      throw ConsulFailure(500, "invalid name (\"\(name)\"), only \"global\" is supported")
    case "api-gateway", "http-route", "tcp-route": try ConsulGateways.check(entry)
    case "jwt-provider": try checkKeys(entry["JSONWebKeySet"])
    case "service-defaults", "proxy-defaults": try checkMutualTLS(entry, among: entries)
    default: break
    }
    var proposed = entries
    proposed[kind, name] = entry
    try checkChains(proposed)
  }

  /// Checks that an entry may go.
  static func checkDelete(_ kind: String, _ name: String, among entries: ConsulEntries) throws(ConsulFailure) {
    guard entries[kind, name] != nil else { return }
    var proposed = entries
    proposed[kind, name] = nil
    try checkChains(proposed)
  }

  private static func checkSplits(_ entry: JSONValue, _ name: String) throws(ConsulFailure) {
    let splits = entry["Splits"]?.array ?? []
    guard !splits.isEmpty else { throw ConsulFailure(500, "no splits configured") }
    var seen: Set<[String]> = []
    for split in splits {
      let key = ["Service", "ServiceSubset", "Namespace", "Partition"].map { split[$0]?.string ?? "" }
      let named = [key[0].isEmpty ? name : key[0]] + key.dropFirst()
      guard seen.insert(named).inserted else {
        let texts = zip(["service", "subset", "namespace", "partition"], named).map { "\($0)=\"\($1)\"" }
        throw ConsulFailure(500, "split destination occurs more than once: \(texts.joined(separator: ", "))")
      }
    }
    // In hundredths, each rounded by itself (`scaleWeight`).
    let sum = splits.reduce(0) { $0 + hundredths($1["Weight"]) }
    guard sum == 10_000 else {
      let fraction = sum % 100
      throw ConsulFailure(
        500,
        "the sum of all split weights must be 100, not \(sum / 100).\(fraction < 10 ? "0" : "")\(fraction)0000")
    }
  }

  /// A weight in hundredths of a percent, from the single precision that Consul decodes it to.
  static func hundredths(_ weight: JSONValue?) -> Int {
    let scaled = (Float(weight?.double ?? 0) * 100).rounded(.toNearestOrAwayFromZero)
    return abs(scaled) < 1e7 ? Int(scaled) : 0
  }

  private static func checkSources(_ entry: JSONValue) throws(ConsulFailure) {
    let sources = entry["Sources"]?.array ?? []
    guard !sources.isEmpty else { throw ConsulFailure(500, "At least one source is required.") }
    for (index, source) in sources.enumerated() {
      let permissions = source["Permissions"]?.array ?? []
      let action = source["Action"]?.string ?? ""
      guard source["Name"]?.string?.isEmpty == false else {
        throw ConsulFailure(500, "Sources[\(index)].Name is required")
      }
      guard permissions.isEmpty ? ["allow", "deny"].contains(action) : action.isEmpty else {
        throw ConsulFailure(
          500,
          permissions.isEmpty
            ? "Sources[\(index)].Action must be set to 'allow' or 'deny'"
            : "Sources[\(index)].Action must be omitted if Permissions are specified")
      }
    }
  }

  /// Source: `JSONWebKeySet.Validate` in `config_entry_jwt_provider.go`.
  private static func checkKeys(_ keys: JSONValue?) throws(ConsulFailure) {
    guard (keys?["Local"] == nil) != (keys?["Remote"] == nil) else {
      throw ConsulFailure(500, "must specify exactly one of Local or Remote JSON Web key set")
    }
  }

  private static func checkMutualTLS(_ entry: JSONValue, among entries: ConsulEntries) throws(ConsulFailure) {
    let mode = entry["MutualTLSMode"]?.string ?? ""
    guard ["", "strict", "permissive"].contains(mode) else {
      throw ConsulFailure(
        500, "Invalid MutualTLSMode: \(mode). Must be one of \"\", \"strict\", or \"permissive\".")
    }
    guard mode != "permissive" || entries["mesh", "mesh"]?["AllowEnablingPermissiveMutualTLS"]?.bool == true else {
      throw ConsulFailure(
        500,
        "cannot set MutualTLSMode=permissive because AllowEnablingPermissiveMutualTLS=false in the mesh config entry")
    }
  }

  /// Compiles every chain, as Consul does with what is proposed.
  private static func checkChains(_ entries: ConsulEntries) throws(ConsulFailure) {
    for kind in ["service-router", "service-splitter", "service-resolver"] {
      for (name, _) in entries.all(kind) { _ = try ConsulChain(name, entries).targets() }
    }
  }
}
