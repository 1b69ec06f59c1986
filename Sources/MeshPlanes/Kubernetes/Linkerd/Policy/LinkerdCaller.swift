import MeshModel

/// A caller as Linkerd's policies see it.
struct LinkerdCaller {
  /// The full name of its identity (`web.shop.serviceaccount.identity.linkerd.cluster.local`), where it has one.
  var identity: String?
  /// `namespace/account`.
  var account: String
  var namespace: String
  /// The addresses of its instances; empty where none is known.
  var addresses: [String]

  /// A workload that calls.
  ///
  /// - Parameter isMeshed: Whether its proxy speaks mesh TLS to the server.
  init(_ workload: Workload, isMeshed: Bool, addresses: [String], settings: MeshSettings?) {
    namespace = workload.ref.namespace
    account = "\(namespace)/\(workload.serviceAccount)"
    self.addresses = addresses
    // A VM's identity is written out in its ExternalWorkload.
    let isWrittenOut = workload.runtime == .vm
    let domain = settings?.trustDomain ?? "cluster.local"
    let root = settings?.rootNamespace ?? "linkerd"
    let full =
      isWrittenOut
      ? workload.serviceAccount
      : "\(workload.serviceAccount).\(namespace).serviceaccount.identity.\(root).\(domain)"
    identity = isMeshed ? full : nil
  }

  /// Whether the caller has an identity that a policy names: `*`, `namespace/account`, `namespace/*`, a full name, or a
  /// suffix (`*.shop.serviceaccount.identity.linkerd.cluster.local`).
  func isNamed(by principal: String) -> Bool {
    guard let identity else { return false }
    if principal == "*" || principal == identity { return true }
    if principal.hasPrefix("*.") { return identity.hasSuffix(principal.dropFirst()) }
    if principal.contains("/"), !principal.contains("://") {
      return principal == account || principal == "\(namespace)/*"
    }
    return false
  }
}

/// Whether a caller meets a demand.
enum Met {
  case yes
  case no
  /// It cannot be told, and why.
  case unknown(String)

  /// Both demands.
  func and(_ other: Met) -> Met {
    switch (self, other) {
    case (.no, _), (_, .no): .no
    case (.unknown(let reason), _), (_, .unknown(let reason)): .unknown(reason)
    case (.yes, .yes): .yes
    }
  }

  /// Either demand.
  func or(_ other: @autoclosure () -> Met) -> Met {
    if case .yes = self { return .yes }
    let other = other()
    switch (self, other) {
    case (_, .yes): return .yes
    case (.unknown(let reason), _), (_, .unknown(let reason)): return .unknown(reason)
    default: return .no
    }
  }
}
