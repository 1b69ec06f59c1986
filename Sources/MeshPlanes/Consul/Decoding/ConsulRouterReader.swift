import MeshModel

/// A service-router as a route: its routes in order; what none of them takes goes to the service itself.
struct ConsulRouterReader {
  let json: JSONValue
  let name: ConsulName

  func route(_ ref: ObjectRef, version: String) -> Route {
    let rules = (json["Routes"]?.array ?? []).enumerated().map { index, route in
      let pointer = JSONPointer(["Routes"]).appending(index)
      let destination = route["Destination"]
      let service = ConsulEntryReader.text(destination?["Service"]) ?? name.name
      let subset = ConsulEntryReader.text(destination?["ServiceSubset"])
      let timeout = ConsulDuration.seconds(destination?["RequestTimeout"])
      return Rule(
        layer: .http, matches: match(route["Match"]?["HTTP"]).map { [$0] } ?? [],
        backends: [
          Backend(
            name: subset ?? service, host: service, subset: subset, weight: nil,
            pointer: pointer.appending("Destination"))
        ],
        timeout: timeout.flatMap { $0 > 0 ? $0 : nil }, retries: Self.retries(destination),
        headers: Self.headers(destination),
        action: ConsulEntryReader.text(destination?["PrefixRewrite"]).map { "rewrite to \($0)" }, pointer: pointer)
    }
    return Route(
      ref: ref, dialect: .consul, apiVersion: "consul/v1", hosts: [name.name], rules: rules, version: version)
  }

  private func match(_ http: JSONValue?) -> RuleMatch? {
    guard let http, http.object?.isEmpty == false else { return nil }
    var match = RuleMatch()
    if let path = ConsulEntryReader.text(http["PathExact"]) { match.uri = .exact(path) }
    if let path = ConsulEntryReader.text(http["PathPrefix"]) { match.uri = .prefix(path) }
    if let path = ConsulEntryReader.text(http["PathRegex"]) { match.uri = .regex(path) }
    match.ignoreUriCase = http["CaseInsensitive"]?.bool ?? false
    let methods = (http["Methods"]?.array ?? []).compactMap(\.string)
    if methods.count == 1 { match.method = .exact(methods[0]) }
    if methods.count > 1 { match.method = .regex(methods.joined(separator: "|")) }
    for header in http["Header"]?.array ?? [] {
      guard let name = ConsulEntryReader.text(header["Name"])?.lowercased() else { continue }
      let isInverted = header["Invert"]?.bool ?? false
      guard let text = Self.text(header) else {
        let suffix = ConsulEntryReader.text(header["Suffix"]) ?? ""
        match.others.append("\(name) \(isInverted ? "not " : "")*\(suffix)")
        continue
      }
      if isInverted { match.withoutHeaders[name] = text } else { match.headers[name] = text }
    }
    for parameter in http["QueryParam"]?.array ?? [] {
      guard let name = ConsulEntryReader.text(parameter["Name"]) else { continue }
      match.queryParams[name] = Self.text(parameter) ?? .present
    }
    return match.isEmpty ? nil : match
  }

  /// What a header or parameter must be; `nil` for a suffix, which the neutral condition has no word for.
  private static func text(_ json: JSONValue) -> TextMatch? {
    if let text = ConsulEntryReader.text(json["Exact"]) { return .exact(text) }
    if let text = ConsulEntryReader.text(json["Prefix"]) { return .prefix(text) }
    if let text = ConsulEntryReader.text(json["Regex"]) { return .regex(text) }
    return json["Present"]?.bool == true ? .present : nil
  }

  private static func retries(_ destination: JSONValue?) -> RetrySetting? {
    let attempts = destination?["NumRetries"]?.int ?? 0
    var reasons = (destination?["RetryOn"]?.array ?? []).compactMap(\.string)
    if destination?["RetryOnConnectFailure"]?.bool == true { reasons.append("connect-failure") }
    reasons += (destination?["RetryOnStatusCodes"]?.array ?? []).compactMap { $0.int.map(String.init) }
    guard attempts > 0 || !reasons.isEmpty else { return nil }
    return RetrySetting(attempts: attempts, retryOn: reasons.joined(separator: ","))
  }

  private static func headers(_ destination: JSONValue?) -> HeaderSetting? {
    func changes(_ json: JSONValue?) -> HeaderSetting.Changes {
      func map(_ name: String) -> [String: String] {
        (json?[name]?.object?.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
      }
      return HeaderSetting.Changes(
        overwritten: map("Set"), added: map("Add"), removed: (json?["Remove"]?.array ?? []).compactMap(\.string))
    }
    let setting = HeaderSetting(
      request: changes(destination?["RequestHeaders"]), response: changes(destination?["ResponseHeaders"]))
    return setting == HeaderSetting() ? nil : setting
  }
}

/// Durations as Consul answers and takes them: Go's spelling, or a number of nanoseconds.
enum ConsulDuration {
  /// The seconds; `nil` where there is none.
  static func seconds(_ json: JSONValue?) -> Double? {
    if let text = json?.string { return GoDuration.seconds(text) }
    return json?.double.map { $0 / 1e9 }
  }
}
