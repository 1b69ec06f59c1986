import MeshModel

/// One push of configuration to every proxy.
struct ConfigPush: Sendable {
  /// The number, from 0.
  var id: Int
  /// When it was sent, in seconds since 1970.
  var time: Double
  var configuration: MeshConfiguration
  /// The part before the `=` of istiod's versions.
  var version: String
  /// Why every Envoy refuses its routes.
  var fault: String?
}

/// The distribution of configuration: which push each proxy was sent, acknowledged or rejected, and when.
///
/// Nothing is kept for a proxy. Its answer to a push follows from its name and the time, so 50,000 proxies cost nothing.
struct ConfigDistribution: Sendable {
  let names: StableNames
  /// The pushes still of use, oldest first.
  private(set) var pushes: [ConfigPush] = []
  /// Proxies with habits, whose pushes must be kept longer.
  var habitual: [Instance] = []

  init(names: StableNames) { self.names = names }

  /// The configuration of the last push.
  var latest: ConfigPush? { pushes.last }

  /// Sends a configuration to every proxy.
  mutating func push(_ configuration: MeshConfiguration, at time: Double) {
    let id = (pushes.last?.id ?? -1) + 1
    pushes.append(
      ConfigPush(
        id: id, time: time, configuration: configuration, version: Self.version(names.hash("push \(id)")),
        fault: configuration.routeFault))
    prune(at: time)
  }

  /// The seconds a proxy takes to acknowledge: 0.5 to 3, or what its habit says.
  func delay(_ proxy: Instance) -> Double {
    proxy.lag ?? 0.5 + 2.5 * names.share("delay/\(proxy.proxyID)")
  }

  /// Why a proxy refuses a push, or `nil` where it takes it; the first push is taken by all.
  func fault(_ push: ConfigPush, _ proxy: Instance) -> String? {
    push.id == 0 ? nil : push.fault ?? proxy.rejects
  }

  /// The push a proxy works with.
  func acknowledged(by proxy: Instance, at time: Double) -> ConfigPush? {
    let delay = delay(proxy)
    return pushes.last { push in
      (push.id == 0 || push.time + delay <= time) && fault(push, proxy) == nil
    } ?? pushes.first
  }

  /// The push a proxy last refused after the one it works with, and when.
  func rejection(by proxy: Instance, at time: Double) -> (push: ConfigPush, time: Double, text: String)? {
    let delay = delay(proxy)
    guard let push = pushes.last(where: { $0.id == 0 || $0.time + delay <= time }) else { return nil }
    return fault(push, proxy).map { (push, push.time + delay, $0) }
  }

  /// Whether every proxy has answered the last push by a time. The first push needs no answers.
  func isSettled(at time: Double) -> Bool {
    guard let latest, latest.id > 0 else { return true }
    let longest = max(3, habitual.map(delay).max() ?? 0)
    return latest.time + longest <= time
  }

  /// Forgets pushes no proxy works with any more.
  private mutating func prune(at time: Double) {
    guard pushes.count > 8 else { return }
    var needed = Set(habitual.compactMap { acknowledged(by: $0, at: time)?.id })
    if let settled = pushes.last(where: { $0.time + 3 <= time && $0.fault == nil }) { needed.insert(settled.id) }
    if let first = pushes.first(where: { $0.fault == nil }), needed.isEmpty { needed.insert(first.id) }
    let horizon = time - max(3, habitual.map(delay).max() ?? 0)
    let latest = latest?.id
    pushes.removeAll { $0.time < horizon && !needed.contains($0.id) && $0.id != latest }
  }

  /// Eight bytes in base 64, as istiod spells the version of a push.
  private static func version(_ hash: UInt64) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for index in 0..<10 { text.append(alphabet[Int(hash >> (58 - UInt64(index) * 6) & 0x3F)]) }
    text.append(alphabet[Int(hash << 2 & 0x3F)])
    return text + "="
  }

  /// The nonce of a type's resources in a push to one proxy, as syncz shows it.
  func nonce(_ push: ConfigPush, _ proxy: String, _ type: String) -> String {
    "\(push.version)\(names.uuid("\(push.id)/\(proxy)/\(type)"))"
  }
}
