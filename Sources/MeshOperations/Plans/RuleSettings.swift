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
    case headers
    case setHeader = "set-header"
    case addHeader = "add-header"
    case removeHeader = "remove-header"
    case setResponseHeader = "set-response-header"
    case addResponseHeader = "add-response-header"
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
  public var delayPercent: Double?
  /// The status answered in place of the service.
  public var abort: Int?
  /// The share of requests aborted, 0–100.
  public var abortPercent: Double?
  /// `none` takes the faults away that are there.
  public var fault: String?
  /// Where copies go, `HOST[:SUBSET]` or `HOST:PORT`.
  public var mirror: String?
  /// The share of requests copied, 0–100.
  public var mirrorPercent: Double?
  /// `none` takes the header changes away that are there.
  public var headers: String?
  /// Request headers overwritten, added and removed; the former two as `NAME=VALUE`.
  public var setHeader: [String] = [], addHeader: [String] = [], removeHeader: [String] = []
  /// Response headers overwritten, added and removed; the former two as `NAME=VALUE`.
  public var setResponseHeader: [String] = [], addResponseHeader: [String] = [], removeResponseHeader: [String] = []

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
    case .headers: headers = value
    case .setHeader: setHeader.append(value)
    case .addHeader: addHeader.append(value)
    case .removeHeader: removeHeader.append(value)
    case .setResponseHeader: setResponseHeader.append(value)
    case .addResponseHeader: addResponseHeader.append(value)
    case .removeResponseHeader: removeResponseHeader.append(value)
    }
  }

  private func number(_ text: String, _ option: Option) throws(MeshError) -> Double {
    guard let number = Double(text) else { throw MeshError(.usage, "\(option.typed) \(text) is no number") }
    return number
  }
}
