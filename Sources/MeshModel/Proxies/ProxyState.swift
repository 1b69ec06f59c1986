/// What one proxy runs, as its control plane and it itself say.
public struct ProxyState: Sendable, Hashable {
  /// What is known of it, in a place of its own: a large mesh has fifty thousand, which the answer before and several reports
  /// hold alike.
  private var kept: Kept<Fields>

  private struct Fields: Sendable, Hashable {
    var ref: ObjectRef
    var workload: ObjectRef?
    var version: String
    var sync: [ConfigType: SyncState]
    @Rare var rejection: String?
    @Rare var certificateDaysLeft: Int?
    var sent: UInt64
    var exchanged: UInt64
    var isConnected: Bool
  }

  /// The proxy: the pod or instance.
  public var ref: ObjectRef { kept.value.ref }
  /// The workload it serves, where known.
  public var workload: ObjectRef? { kept.value.workload }
  /// Its version; empty where unknown.
  public var version: String { kept.value.version }
  /// Whether it is connected to its control plane.
  public var isConnected: Bool { kept.value.isConnected }
  /// Its synchronisation by type.
  public var sync: [ConfigType: SyncState] {
    get { kept.value.sync }
    set { change { $0.sync = newValue } }
  }
  /// The text of its last rejection, where it rejected something.
  public var rejection: String? {
    get { kept.value.rejection }
    set { change { $0.rejection = newValue } }
  }
  /// Days until its certificate expires, where known.
  public var certificateDaysLeft: Int? {
    get { kept.value.certificateDaysLeft }
    set { change { $0.certificateDaysLeft = newValue } }
  }
  /// A digest of the versions it was last sent, endpoints aside: another one means that it was sent something since.
  /// 0 where the control plane does not tell.
  public var sent: UInt64 { kept.value.sent }
  /// A digest of that and of what it answered: as long as it is the same, a proxy that took all it was sent runs what it ran.
  /// 0 where the control plane does not tell.
  public var exchanged: UInt64 { kept.value.exchanged }

  private mutating func change(_ body: (inout Fields) -> Void) {
    var fields = kept.value
    body(&fields)
    kept = Kept(fields)
  }

  /// Names the instance it is and the workload it serves.
  public mutating func place(at ref: ObjectRef, of workload: ObjectRef?) {
    change { ($0.ref, $0.workload) = (ref, workload) }
  }

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

  /// Whether it acknowledged all it was sent but endpoints, which say nothing of its routes and change all the time.
  package var hasSettledConfiguration: Bool {
    sync.allSatisfy { $0.key == .eds || $0.value == .synced || $0.value == .notSent }
  }

  /// Whether it was never sent what every proxy needs. Routes and endpoints are sent where a listener or a cluster asks for
  /// them; clusters and listeners always.
  var isUnserved: Bool { sync[.cds] == .notSent || sync[.lds] == .notSent }

  /// Creates a state.
  public init(
    ref: ObjectRef, workload: ObjectRef? = nil, version: String = "", isConnected: Bool = true,
    sync: [ConfigType: SyncState] = [:], rejection: String? = nil, certificateDaysLeft: Int? = nil,
    sent: UInt64 = 0, exchanged: UInt64 = 0
  ) {
    kept = Kept(
      Fields(
        ref: ref, workload: workload, version: version, sync: sync, rejection: rejection,
        certificateDaysLeft: certificateDaysLeft, sent: sent, exchanged: exchanged, isConnected: isConnected))
  }
}
