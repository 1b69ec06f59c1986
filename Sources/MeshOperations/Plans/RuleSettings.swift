public import MeshModel

/// The settings of a rule as typed after `route set`, the same on the command line and in the dashboard.
public struct RuleSettings: Sendable, Hashable {
  /// The settings by the names they are typed with.
  public enum Option: String, Sendable, Hashable, CaseIterable {
    case requestTimeout = "request-timeout"
    case retries
    case perTryTimeout = "per-try-timeout"
    case retryOn = "retry-on"
    case delay
    case delayPercent = "delay-percent"
    case abort
    case abortPercent = "abort-percent"
    case fault, mirror
    case mirrorPercent = "mirror-percent"
    case setHeader = "set-header"
    case addHeader = "add-header"
    case removeHeader = "remove-header"
    case setResponseHeader = "set-response-header"
    case removeResponseHeader = "remove-response-header"

    /// The option as it is typed.
    public var typed: String { "--\(rawValue)" }
  }

  /// How long a request may take; `none` takes it away, as for the others.
  public var timeout: String?
  /// How often a request is tried again.
  public var retries: String?
  /// The time for each try.
  public var perTryTimeout: String?
  /// When a request is tried again.
  public var retryOn: String?
  /// How long requests are delayed.
  public var delay: String?
  /// The share of requests delayed, 0–100.
  public var delayPercent = 100.0
  /// The status answered in place of the service.
  public var abort: Int?
  /// The share of requests aborted, 0–100.
  public var abortPercent = 100.0
  /// `none` takes faults away.
  public var fault: String?
  /// Where copies go, `HOST[:SUBSET]`.
  public var mirror: String?
  /// The share of requests copied, 0–100.
  public var mirrorPercent = 100.0
  /// Request headers overwritten, added and removed; the former two as `NAME=VALUE`.
  public var setHeader: [String] = [], addHeader: [String] = [], removeHeader: [String] = []
  /// Response headers overwritten, as `NAME=VALUE`, and removed.
  public var setResponseHeader: [String] = [], removeResponseHeader: [String] = []

  /// No settings.
  public init() {}

  /// Reads the words of a line: `--NAME VALUE` or `--NAME=VALUE`.
  public init(words: some Sequence<String>) throws(MeshError) {
    var words = Array(words)[...]
    while let word = words.popFirst() {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard word.hasPrefix("--"), let name = parts.first, let option = Option(rawValue: String(name.dropFirst(2)))
      else {
        throw MeshError(
          .usage, "\(word) is no setting of a rule",
          remedy: "one of \(Option.allCases.map(\.typed).joined(separator: ", "))")
      }
      guard let value = parts.count > 1 ? parts[1] : words.popFirst() else {
        throw MeshError(.usage, "\(option.typed) needs a value")
      }
      try set(option, value)
    }
  }

  private mutating func set(_ option: Option, _ value: String) throws(MeshError) {
    switch option {
    case .requestTimeout: timeout = value
    case .retries: retries = value
    case .perTryTimeout: perTryTimeout = value
    case .retryOn: retryOn = value
    case .delay: delay = value
    case .delayPercent: delayPercent = try number(value, option)
    case .abort:
      guard let status = Int(value) else { throw MeshError(.usage, "\(option.typed) \(value) is no HTTP status") }
      abort = status
    case .abortPercent: abortPercent = try number(value, option)
    case .fault: fault = value
    case .mirror: mirror = value
    case .mirrorPercent: mirrorPercent = try number(value, option)
    case .setHeader: setHeader.append(value)
    case .addHeader: addHeader.append(value)
    case .removeHeader: removeHeader.append(value)
    case .setResponseHeader: setResponseHeader.append(value)
    case .removeResponseHeader: removeResponseHeader.append(value)
    }
  }

  private func number(_ text: String, _ option: Option) throws(MeshError) -> Double {
    guard let number = Double(text) else { throw MeshError(.usage, "\(option.typed) \(text) is no number") }
    return number
  }

  /// The intent the settings come to; an error where they come to none.
  public func intent(route: ObjectRef, rule: String?) throws(MeshError) -> RuleIntent {
    var intent = RuleIntent(route: route, rule: rule)
    if let timeout { intent.timeout = timeout == "none" ? .remove : .set(try seconds(timeout, "--request-timeout")) }
    if retries == "none" {
      intent.retries = .remove
    } else if retries != nil || perTryTimeout != nil || retryOn != nil {
      guard let retries, let attempts = Int(retries), attempts >= 0 else {
        throw MeshError(.usage, "--retries needs a whole number of attempts", remedy: "write for example --retries 2")
      }
      let each: Double? = if let perTryTimeout { try seconds(perTryTimeout, "--per-try-timeout") } else { nil }
      intent.retries = .set(RetrySetting(attempts: attempts, perTryTimeout: each, retryOn: retryOn ?? ""))
    }
    try setFault(&intent)
    if mirror == "none" {
      intent.mirror = .remove
    } else if let mirror {
      try percent(mirrorPercent, "--mirror-percent")
      let parts = mirror.split(separator: ":", maxSplits: 1).map(String.init)
      guard let host = parts.first else { throw MeshError(.usage, "--mirror needs HOST[:SUBSET]") }
      intent.mirror = .set(MirrorSetting(host: host, subset: parts.count > 1 ? parts[1] : nil, percent: mirrorPercent))
    }
    let headers = HeaderSetting(
      request: .init(overwritten: try pairs(setHeader), added: try pairs(addHeader), removed: removeHeader),
      response: .init(overwritten: try pairs(setResponseHeader), removed: removeResponseHeader))
    if !headers.request.isEmpty || !headers.response.isEmpty { intent.headers = .set(headers) }
    if intent == RuleIntent(route: route, rule: rule) {
      throw MeshError(.usage, "no setting is named", remedy: "see `meshdeck route set --help`")
    }
    return intent
  }

  private func setFault(_ intent: inout RuleIntent) throws(MeshError) {
    if fault == "none" {
      intent.fault = .remove
    } else if let fault {
      throw MeshError(.usage, "--fault \(fault) means nothing", remedy: "say --delay, --abort, or --fault none")
    } else if delay != nil || abort != nil {
      try percent(delayPercent, "--delay-percent")
      try percent(abortPercent, "--abort-percent")
      if let abort, !(200...599).contains(abort) { throw MeshError(.usage, "--abort \(abort) is no HTTP status") }
      let length: Double? = if let delay { try seconds(delay, "--delay") } else { nil }
      intent.fault = .set(
        FaultSetting(delay: length, delayPercent: delayPercent, abortStatus: abort, abortPercent: abortPercent))
    }
  }

  private func seconds(_ text: String, _ option: String) throws(MeshError) -> Double {
    guard let interval = Interval(typed: text) else {
      throw MeshError(.usage, "\(option) \(text) is no length of time", remedy: "write for example 3s or 500ms")
    }
    return interval.seconds
  }

  private func percent(_ value: Double, _ option: String) throws(MeshError) {
    guard (0...100).contains(value) else { throw MeshError(.usage, "\(option) is not between 0 and 100") }
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
