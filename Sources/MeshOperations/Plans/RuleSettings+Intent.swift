public import MeshModel
import MeshPlanes

extension RuleSettings {
  /// The intent the settings come to: what the rule has now, with what is named in its place.
  ///
  /// - Parameter name: The rule's name, or its number from 0; `nil` where the route has one.
  ///
  /// Fails where nothing is named, where it cannot be told which rule is meant, and where a setting belongs to another that
  /// the rule does not have.
  public func intent(for route: Route, rule name: String?) throws(MeshError) -> RuleIntent {
    guard self != RuleSettings() else {
      throw MeshError(.usage, "no setting is named", remedy: "see `meshdeck route set --help`")
    }
    var intent = RuleIntent(route: route.ref, rule: name)
    if let timeout { intent.timeout = timeout == "none" ? .remove : .set(try seconds(timeout, .requestTimeout)) }
    let rule = route.rules[try RouteLookup.settingsRule(name, of: route)]
    intent.retries = try retries(over: rule.retries)
    intent.fault = try fault(over: rule.fault)
    intent.mirror = try mirror(over: rule.mirrors.first)
    intent.headers = try headers(over: rule.headers)
    return intent
  }

  private func retries(over present: RetrySetting?) throws(MeshError) -> RuleIntent.Change<RetrySetting>? {
    guard retries != nil || perTryTimeout != nil || retryOn != nil else { return nil }
    if retries == "none" { return .remove }
    var setting = present
    if let retries {
      guard let attempts = Int(retries), attempts >= 0 else {
        throw MeshError(.usage, "--retries needs a whole number of attempts", remedy: "write for example --retries 2")
      }
      setting = RetrySetting(
        attempts: attempts, perTryTimeout: present?.perTryTimeout, retryOn: present?.retryOn ?? "")
    }
    guard var setting else { throw MeshError(.usage, "the rule has no retries", remedy: "say how many: --retries 2") }
    if let perTryTimeout {
      setting.perTryTimeout = perTryTimeout == "none" ? nil : try seconds(perTryTimeout, .perTryTimeout)
    }
    if let retryOn { setting.retryOn = retryOn == "none" ? "" : retryOn }
    return .set(setting)
  }

  private func fault(over present: FaultSetting?) throws(MeshError) -> RuleIntent.Change<FaultSetting>? {
    if let fault, fault != "none" {
      throw MeshError(.usage, "--fault \(fault) means nothing", remedy: "say --delay, --abort, or --fault none")
    }
    guard fault != nil || delay != nil || delayPercent != nil || abort != nil || abortPercent != nil else { return nil }
    var setting = (fault == nil ? present : nil) ?? FaultSetting()
    if let delay {
      if setting.delay == nil { setting.delayPercent = 100 }
      setting.delay = try seconds(delay, .delay)
    }
    if let delayPercent {
      guard setting.delay != nil else {
        throw MeshError(.usage, "the rule delays no request", remedy: "say how long: --delay 2s")
      }
      setting.delayPercent = try percent(delayPercent, .delayPercent)
    }
    if let abort {
      guard (200...599).contains(abort) else { throw MeshError(.usage, "--abort \(abort) is no HTTP status") }
      if setting.abortStatus == nil { setting.abortPercent = 100 }
      setting.abortStatus = abort
    }
    if let abortPercent {
      guard setting.abortStatus != nil else {
        throw MeshError(.usage, "the rule aborts no request", remedy: "say with what: --abort 503")
      }
      setting.abortPercent = try percent(abortPercent, .abortPercent)
    }
    return setting.delay == nil && setting.abortStatus == nil ? .remove : .set(setting)
  }

  private func mirror(over present: MirrorSetting?) throws(MeshError) -> RuleIntent.Change<MirrorSetting>? {
    guard mirror != nil || mirrorPercent != nil else { return nil }
    if mirror == "none" { return .remove }
    var setting = present
    setting?.place = nil
    if let mirror {
      let parts = mirror.split(separator: ":", maxSplits: 1).map(String.init)
      guard let host = parts.first else { throw MeshError(.usage, "--mirror needs HOST[:SUBSET]") }
      let port = parts.count > 1 ? Int(parts[1]) : nil
      setting = MirrorSetting(
        host: host, subset: parts.count > 1 && port == nil ? parts[1] : nil,
        port: port ?? (present?.host == host ? present?.port : nil), percent: present?.percent ?? 100)
    }
    guard var setting else {
      throw MeshError(.usage, "the rule copies no request", remedy: "say where to: --mirror HOST[:SUBSET]")
    }
    if let mirrorPercent { setting.percent = try percent(mirrorPercent, .mirrorPercent) }
    return .set(setting)
  }

  private func headers(over present: HeaderSetting?) throws(MeshError) -> RuleIntent.Change<HeaderSetting>? {
    if let headers, headers != "none" {
      throw MeshError(.usage, "--headers \(headers) means nothing", remedy: "say --set-header, or --headers none")
    }
    var setting = (headers == nil ? present : nil) ?? HeaderSetting()
    let request = HeaderSetting.Changes(
      overwritten: try pairs(setHeader), added: try pairs(addHeader), removed: removeHeader)
    let response = HeaderSetting.Changes(
      overwritten: try pairs(setResponseHeader), added: try pairs(addResponseHeader), removed: removeResponseHeader)
    guard headers != nil || !request.isEmpty || !response.isEmpty else { return nil }
    setting.request.name(request)
    setting.response.name(response)
    return setting == HeaderSetting() ? .remove : .set(setting)
  }

  private func seconds(_ text: String, _ option: Option) throws(MeshError) -> Double {
    guard let interval = Interval(typed: text) else {
      throw MeshError(
        .usage, "\(option.typed) \(text) is no length of time", remedy: "write for example 3s or 500ms")
    }
    return interval.seconds
  }

  private func percent(_ value: Double, _ option: Option) throws(MeshError) -> Double {
    guard (0...100).contains(value) else { throw MeshError(.usage, "\(option.typed) is not between 0 and 100") }
    return value
  }

  private func pairs(_ texts: [String]) throws(MeshError) -> [String: String] {
    var result: [String: String] = [:]
    for text in texts {
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw MeshError(.usage, "\(text) is not NAME=VALUE")
      }
      result[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return result
  }
}

extension HeaderSetting.Changes {
  /// Takes what is named over, and leaves the other headers as they are. Names of headers have no case.
  fileprivate mutating func name(_ named: HeaderSetting.Changes) {
    let names = Set((Array(named.overwritten.keys) + Array(named.added.keys) + named.removed).map { $0.lowercased() })
    overwritten = overwritten.filter { !names.contains($0.key.lowercased()) }
    added = added.filter { !names.contains($0.key.lowercased()) }
    removed.removeAll { names.contains($0.lowercased()) }
    overwritten.merge(named.overwritten) { $1 }
    added.merge(named.added) { $1 }
    removed += named.removed
  }
}
