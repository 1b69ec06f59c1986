/// What is tried again when a request fails.
public struct RetrySetting: Sendable, Hashable {
  /// How often at most; 0 switches retries off.
  public var attempts: Int
  /// The time for each try in seconds.
  public var perTryTimeout: Double?
  /// The conditions as written, such as `5xx,reset`.
  public var retryOn: String

  /// Creates a setting.
  public init(attempts: Int, perTryTimeout: Double? = nil, retryOn: String = "") {
    self.attempts = attempts
    self.perTryTimeout = perTryTimeout
    self.retryOn = retryOn
  }
}

/// What is broken on purpose.
public struct FaultSetting: Sendable, Hashable {
  /// The delay in seconds.
  public var delay: Double?
  /// The share of requests delayed, 0–100.
  public var delayPercent: Double
  /// The HTTP status answered in place of the service.
  public var abortStatus: Int?
  /// The share of requests aborted, 0–100.
  public var abortPercent: Double

  /// Creates a setting.
  public init(
    delay: Double? = nil, delayPercent: Double = 100, abortStatus: Int? = nil, abortPercent: Double = 100
  ) {
    self.delay = delay
    self.delayPercent = delayPercent
    self.abortStatus = abortStatus
    self.abortPercent = abortPercent
  }
}

/// Where copies of requests go.
public struct MirrorSetting: Sendable, Hashable {
  /// The host as written.
  public var host: String
  /// The subset; `nil` where none is named.
  public var subset: String?
  /// The port, where written.
  public var port: Int?
  /// The share of requests copied, 0–100.
  public var percent: Double
  /// Its place in a rule's list of mirrors; `nil` where it is written alone.
  public var place: Int?

  /// Creates a setting.
  public init(host: String, subset: String? = nil, port: Int? = nil, percent: Double = 100, place: Int? = nil) {
    self.host = host
    self.subset = subset
    self.port = port
    self.percent = percent
    self.place = place
  }
}

/// What is done to headers.
public struct HeaderSetting: Sendable, Hashable {
  /// Changes in one direction.
  public struct Changes: Sendable, Hashable {
    /// Headers overwritten.
    public var overwritten: [String: String]
    /// Headers added to what is there.
    public var added: [String: String]
    /// Headers removed.
    public var removed: [String]

    /// Creates changes.
    public init(overwritten: [String: String] = [:], added: [String: String] = [:], removed: [String] = []) {
      self.overwritten = overwritten
      self.added = added
      self.removed = removed
    }

    /// Whether nothing changes.
    public var isEmpty: Bool { overwritten.isEmpty && added.isEmpty && removed.isEmpty }
  }

  /// What is done to requests.
  public var request: Changes
  /// What is done to responses.
  public var response: Changes

  /// Creates a setting.
  public init(request: Changes = Changes(), response: Changes = Changes()) {
    self.request = request
    self.response = response
  }
}
