import MeshModel
import Synchronization

/// What istiod last sent a proxy, for proxies whose own administration is not reached.
///
/// A sidecar's administration listens on 127.0.0.1 of its pod alone unless somebody changed that, and the API server dials
/// the pod's address. istiod makes what it last sent a proxy anew for who asks; where the proxy acknowledged everything it was
/// sent, that is what it runs. Source: Istio, `pilot/pkg/xds/debug.go`, `configDump`.
struct SentConfiguration {
  let dialect: IstioDialect
  let access: any KubernetesAccess
  let rootNamespace: String

  /// What a reader makes of the configuration that istiod last sent a proxy; fails where no replica of istiod tells, or where
  /// istiod is spared and nobody waits for this one (`isAwaited`).
  func read<Value: Sendable>(
    _ proxy: ObjectRef, isAwaited: Bool = false, in snapshot: MeshSnapshot, _ reader: SentResources<Value>
  ) async throws(MeshError) -> Value {
    let path = "/debug/config_dump?proxyID=\(EnvoyQuery.escaped("\(proxy.name).\(proxy.namespace)"))"
    let (answers, gaps) = try await dialect.sentTurns.take(isAwaited: isAwaited) {
      await IstiodDebug(dialect: dialect, access: access).ask(
        path, rootNamespace: rootNamespace, in: snapshot, isElsewhere: true, reader)
    }
    guard let found = answers.first else {
      throw MeshError(.unreachable, gaps.first ?? IstiodDebug.nobodyKnows, object: proxy)
    }
    return found.value
  }

  /// What istiod says of some proxies.
  ///
  /// It is asked after the configuration was read: what was acknowledged before may be older.
  func states(of proxies: [ObjectRef], in snapshot: MeshSnapshot) async -> [ObjectRef: ProxyState] {
    let (answers, _) = await IstiodDebug(dialect: dialect, access: access).ask(
      "/debug/syncz", rootNamespace: rootNamespace, in: snapshot,
      SyncTable(plane: access.plane, snapshot: MeshSnapshot()))
    let wanted = Set(proxies)
    return Dictionary(
      answers.flatMap(\.value).filter { wanted.contains($0.ref) }.map { ($0.ref, $0) },
      uniquingKeysWith: { $0.sync.values.contains(.notSent) ? $1 : $0 })
  }

  /// Why what istiod sent a proxy is not known to be what it runs; `nil` where it acknowledged all of it.
  static func doubt(_ state: ProxyState?) -> String? {
    guard let state else { return "istiod does not tell whether it acknowledged what it was sent" }
    if let rejection = state.rejection { return "it rejected what istiod sent it: \(rejection)" }
    return state.isSettled ? nil : "it has not acknowledged what istiod sent it"
  }
}

/// Turns at asking istiod what it sent: it makes 100 MB of a large mesh for each proxy, and every proxy waits for istiod.
///
/// One question is under way at a time, and after one that took long istiod is spared for ten minutes, but for what a person
/// waits for.
actor SentTurns {
  private static let pause = Duration.seconds(600)

  private let patience: Duration
  private let gate = ListGate(1)
  private var resumesAt: ContinuousClock.Instant?

  init(patience: Duration = .seconds(3)) { self.patience = patience }

  /// Asks when it is one's turn; fails where istiod is spared.
  func take<Answer: Sendable>(
    isAwaited: Bool = false, _ question: @Sendable () async -> Answer
  ) async throws(MeshError) -> Answer {
    await gate.enter()
    if !isAwaited, let resumesAt, resumesAt > .now {
      await gate.leave()
      throw MeshError(
        .unreachable, "istiod's /debug/config_dump took too long: it is asked again within ten minutes")
    }
    let begun = ContinuousClock.now
    let answer = await question()
    if begun.duration(to: .now) >= patience {
      resumesAt = .now + Self.pause
    } else if !isAwaited {
      // One proxy's answer that came soon, be it that there is none, does not mean that all come soon.
      resumesAt = nil
    }
    await gate.leave()
    return answer
  }
}

/// What proxies run or were sent, as they or istiod tell it, kept while istiod tells the same version of it: it is made anew for
/// each question, at a price.
final class SentMemo<Question: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    var question: Question
    var version: UInt64
    var value: Value
    /// How often it was read at that version.
    var readings: Int
  }

  /// The most proxies of which something is kept.
  private static var limit: Int { 256 }

  private let entries = Mutex<[ObjectRef: Entry]>([:])
  private let asked = Mutex(false)

  /// Whether istiod was ever asked in place of proxies.
  var isInUse: Bool { asked.withLock { $0 } }

  /// What was kept of a proxy, read so often at that version; `version` is ``ProxyState/sent`` of what it was sent and
  /// ``ProxyState/exchanged`` of what it runs, as istiod told it before.
  func value(of proxy: ObjectRef, version: UInt64?, for question: Question, readings: Int = 1) -> Value? {
    guard let version, let entry = entries.withLock({ $0[proxy] }), entry.version == version else { return nil }
    return entry.readings >= readings && entry.question == question ? entry.value : nil
  }

  /// Keeps what a proxy runs or was sent, where istiod tells when that changes.
  func keep(_ value: Value, of proxy: ObjectRef, version: UInt64?, for question: Question) {
    asked.withLock { $0 = true }
    entries.withLock { Self.keep(value, of: proxy, version: version, for: question, in: &$0) }
  }

  private static func keep(
    _ value: Value, of proxy: ObjectRef, version: UInt64?, for question: Question, in entries: inout [ObjectRef: Entry]
  ) {
    guard let version, version != 0 else { return }
    if entries.count >= limit, entries[proxy] == nil { entries = [:] }
    let earlier = entries[proxy].flatMap { $0.version == version && $0.question == question ? $0.readings : nil } ?? 0
    entries[proxy] = Entry(question: question, version: version, value: value, readings: earlier + 1)
  }
}

extension SentMemo where Value == [ProgrammedRoute] {
  /// Keeps a proxy's routes, those that another one runs too once for both; the routes as kept.
  func share(_ routes: [ProgrammedRoute], of proxy: ObjectRef, version: UInt64?, for question: Question) -> Value {
    asked.withLock { $0 = true }
    return entries.withLock { entries in
      var routes = routes
      if let other = entries.first(where: { $0.key != proxy && $0.value.question == question }) {
        routes.share(with: other.value.value)
      }
      Self.keep(routes, of: proxy, version: version, for: question, in: &entries)
      return routes
    }
  }
}
