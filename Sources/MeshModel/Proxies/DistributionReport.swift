/// What a control plane holds of the configuration and what troubles it in distributing it, as it says itself.
public struct DistributionReport: Sendable, Hashable {
  /// What it could not make sense of when it last sent configuration.
  public var pushErrors: [PushError]
  /// Where what it holds is not what the configuration's store holds.
  public var differences: [HeldDifference]
  /// Why something is missing, in words; empty where nothing is.
  public var gaps: [String]
  /// When it was read.
  public var at: Instant

  /// Creates a report.
  public init(
    pushErrors: [PushError] = [], differences: [HeldDifference] = [], gaps: [String] = [], at: Instant
  ) {
    self.pushErrors = pushErrors
    self.differences = differences
    self.gaps = gaps
    self.at = at
  }
}

/// Something a control plane could not make sense of while it made configuration for proxies.
public struct PushError: Sendable, Hashable {
  /// The kind of trouble (Istio: the name of the metric, such as `pilot_vservice_dup_domain`).
  public var kind: String
  /// What is concerned, such as a host with its port.
  public var subject: String
  /// The proxy it was seen for first; `nil` where none is named.
  public var proxy: ObjectRef?
  /// What happened, in the control plane's words; empty where it says nothing.
  public var message: String

  /// Creates a trouble.
  public init(kind: String, subject: String, proxy: ObjectRef? = nil, message: String = "") {
    self.kind = kind
    self.subject = subject
    self.proxy = proxy
    self.message = message
  }
}

/// An object of which one replica of a control plane holds another version than the configuration's store.
public struct HeldDifference: Sendable, Hashable {
  /// What differs.
  public enum Difference: String, Sendable, Hashable, CaseIterable {
    /// It holds an older version.
    case older
    /// It does not hold the object.
    case missing
    /// It holds an object that is no longer there.
    case leftOver
  }

  /// The object.
  public var object: ObjectRef
  /// The replica, by the name of its pod.
  public var replica: String
  /// What differs.
  public var difference: Difference

  /// Creates a difference.
  public init(object: ObjectRef, replica: String, difference: Difference) {
    self.object = object
    self.replica = replica
    self.difference = difference
  }
}

/// A proxy's connection to its control plane, as the control plane tells it.
public struct ProxyConnection: Sendable, Hashable {
  /// The replica it is connected to, by the name of its pod.
  public var replica: String
  /// Since when; `nil` where that is not told.
  public var connectedAt: Instant?
  /// The address it came from.
  public var address: String
  /// Its labels.
  public var labels: [String: String]
  /// The revision of the control plane it was made for (Istio: label `istio.io/rev`); empty where it names none.
  public var revision: String
  /// How many things of each type it watches, by the last word of the type's name; 0 means all there are.
  public var watches: [String: Int]

  /// Creates a connection.
  public init(
    replica: String, connectedAt: Instant? = nil, address: String = "", labels: [String: String] = [:],
    revision: String = "", watches: [String: Int] = [:]
  ) {
    self.replica = replica
    self.connectedAt = connectedAt
    self.address = address
    self.labels = labels
    self.revision = revision
    self.watches = watches
  }
}
