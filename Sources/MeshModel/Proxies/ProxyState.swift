/// What one proxy runs, as its control plane and it itself say.
public struct ProxyState: Sendable, Hashable {
  /// The proxy: the pod or instance.
  public var ref: ObjectRef
  /// The workload it serves, where known.
  public var workload: ObjectRef?
  /// Its version; empty where unknown.
  public var version: String
  /// Whether it is connected to its control plane.
  public var isConnected: Bool
  /// Its synchronisation by type.
  public var sync: [ConfigType: SyncState]
  /// The text of its last rejection, where it rejected something.
  @Rare public var rejection: String?
  /// Days until its certificate expires, where known.
  @Rare public var certificateDaysLeft: Int?
  /// A digest of the versions it was last sent, endpoints aside: another one means that it was sent something since.
  /// 0 where the control plane does not tell.
  public var sent: UInt64

  /// The types of configuration a proxy is sent.
  public enum ConfigType: String, Sendable, Hashable, CaseIterable { case cds, lds, rds, eds }

  /// How far a type is synchronised.
  public enum SyncState: Sendable, Hashable {
    case synced
    /// Sent and not acknowledged.
    case stale
    case notSent
    /// Rejected by the proxy, with its words.
    case rejected(String)

    /// The state in one word.
    public var label: String {
      switch self {
      case .synced: "SYNCED"
      case .stale: "STALE"
      case .notSent: "NOT SENT"
      case .rejected: "NACK"
      }
    }
  }

  /// Whether it acknowledged every type it was sent.
  public var isSettled: Bool { sync.values.allSatisfy { $0 == .synced || $0 == .notSent } }

  /// Whether it was never sent what every proxy needs. Routes and endpoints are sent where a listener or a cluster asks for
  /// them; clusters and listeners always.
  var isUnserved: Bool { sync[.cds] == .notSent || sync[.lds] == .notSent }

  /// Creates a state.
  public init(
    ref: ObjectRef, workload: ObjectRef? = nil, version: String = "", isConnected: Bool = true,
    sync: [ConfigType: SyncState] = [:], rejection: String? = nil, certificateDaysLeft: Int? = nil,
    sent: UInt64 = 0
  ) {
    self.sent = sent
    self.ref = ref
    self.workload = workload
    self.version = version
    self.isConnected = isConnected
    self.sync = sync
    self.rejection = rejection
    self.certificateDaysLeft = certificateDaysLeft
  }
}
