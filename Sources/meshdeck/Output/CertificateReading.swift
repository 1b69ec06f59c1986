import MeshKit

/// Which proxies a list asks for their certificates, and no others.
struct CertificateReading {
  let deck: Deck
  let listing: Listing

  /// The most proxies one list asks.
  static let most = 200
  /// Why a proxy was not asked.
  static let notAsked = "not asked: a list asks \(most) proxies at most; narrow it with -n or a name"

  /// The certificates a list shows and does not hold yet; `nil` where it shows none.
  func read(_ view: MeshView) async -> [ObjectRef: Known<ProxyCertificates>]? {
    guard listing.options.output != .name else { return nil }
    let proxies: [ObjectRef]
    switch listing.kind {
    case .proxies: proxies = listing.allProxies(view).map(\.ref)
    case .identities:
      proxies = Identities.proxies(view, plane: listing.options.plane, namespace: listing.namespace)
        .filter { listing.named($0.key) }.values.sorted()
    default: return nil
    }
    let missing = proxies.filter { listing.certificates[$0] == nil }
    guard !missing.isEmpty else { return nil }
    return await deck.certificates(of: missing.prefix(Self.most))
  }

  /// Says why certificates are not known, each reason once.
  static func note(_ all: [Known<ProxyCertificates>]) {
    var counts: [String: Int] = [:]
    for case .unknown(let reason) in all { counts[reason, default: 0] += 1 }
    for (reason, count) in counts.sorted(by: { $0.key < $1.key }).prefix(5) {
      Console.note("certificates of \(count) unknown: \(reason)")
    }
  }
}

extension MeshView {
  /// Whether a thing is a proxy: an instance with one, or known to a control plane as one.
  func isProxy(_ ref: ObjectRef) -> Bool {
    if let endpoint = snapshot.endpoints[ref] { return endpoint.proxy == .sidecar || endpoint.proxy == .gateway }
    return programmed[ref.plane]?.value?.proxies.contains { $0.ref == ref } ?? false
  }
}
