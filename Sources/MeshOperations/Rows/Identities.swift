public import MeshModel

/// The identity one workload has, and what a proxy of it proves.
public struct IdentityRow: Sendable, Hashable {
  /// The workload.
  public var workload: ObjectRef
  /// The SPIFFE id its service account gives it: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT` (Istio's form); `nil`
  /// where no account is known, as with proxies that no Kubernetes runs.
  public var expected: String?
  /// The proxy asked for its certificates: one of the workload's; `nil` where it has none to ask.
  public var proxy: ObjectRef?
  /// The certificates of that proxy, or why they are not known.
  public var certificates: Known<ProxyCertificates>
  /// What is wrong, the worst of it; `nil` where nothing is, or where nothing is known.
  public var trouble: Trouble?

  /// What can be wrong with an identity, the worst first.
  public enum Trouble: Int, Sendable, Hashable, CaseIterable, Comparable {
    /// It believes none of the roots most others believe: calls between them fail.
    case otherRoots
    /// Its certificate has ended.
    case expired
    /// Its certificate names another identity than its service account gives it.
    case otherIdentity
    /// It shows no certificate with a SPIFFE id.
    case noIdentity
    /// It believes no root at all.
    case noRoots
    /// Its certificate is in the last fifth of its life and was not replaced.
    case late

    /// The worse one comes first.
    public static func < (left: Trouble, right: Trouble) -> Bool { left.rawValue < right.rawValue }

    /// The trouble in a few words.
    public var label: String {
      switch self {
      case .otherRoots: "root mismatch"
      case .expired: "expired"
      case .otherIdentity: "another identity"
      case .noIdentity: "no identity"
      case .noRoots: "no roots"
      case .late: "late to renew"
      }
    }
  }

  /// Who issued the certificate that proves its identity, where that is known.
  public var issuer: String? { certificates.value?.workload?.issuer }

  /// The identity it proves, where that is known.
  public var proven: String? { certificates.value?.workload?.spiffe }

  /// Whether it is to have an identity of a mesh, or proves one: a gateway that holds nothing of the kind is in no trouble.
  public var isMeshed: Bool { expected != nil || proven != nil }
}

/// The identities of a mesh or of several, made of instances and certificates alone.
public enum Identities {
  /// One proxy of each workload that has one to ask, the first that is ready.
  public static func proxies(
    _ view: MeshView, plane: PlaneName? = nil, namespace: String? = nil
  ) -> [ObjectRef: ObjectRef] {
    var chosen: [ObjectRef: Endpoint] = [:]
    for endpoint in view.snapshot.endpoints.values
    where (endpoint.proxy == .sidecar || endpoint.proxy == .gateway)
      && endpoint.workload.isIn(plane: plane, namespace: namespace)
    {
      guard let other = chosen[endpoint.workload] else {
        chosen[endpoint.workload] = endpoint
        continue
      }
      if (endpoint.isReady ? 0 : 1, endpoint.ref) < (other.isReady ? 0 : 1, other.ref) {
        chosen[endpoint.workload] = endpoint
      }
    }
    var result = chosen.mapValues(\.ref)
    // What a control plane knows as a proxy and nobody as an instance stands for itself.
    for report in view.programmed.values {
      for state in report.value?.proxies ?? [] where view.snapshot.endpoints[state.ref] == nil {
        let workload = state.workload ?? state.ref
        guard workload.isIn(plane: plane, namespace: namespace), result[workload] == nil else { continue }
        result[workload] = state.ref
      }
    }
    return result
  }

  /// The identities of every meshed workload, those in trouble first.
  ///
  /// Roots are compared over everything given, all planes together: what most believe is what calls rely on.
  public static func rows(
    _ view: MeshView, certificates: [ObjectRef: Known<ProxyCertificates>], plane: PlaneName? = nil,
    namespace: String? = nil
  ) -> [IdentityRow] {
    let proxies = proxies(view, plane: plane, namespace: namespace)
    var accounts: [ObjectRef: (account: String, isAmbient: Bool)] = [:]
    for endpoint in view.snapshot.endpoints.values
    where endpoint.proxy != .none && endpoint.workload.isIn(plane: plane, namespace: namespace)
      && (accounts[endpoint.workload]?.account ?? "").isEmpty
    {
      accounts[endpoint.workload] = (endpoint.serviceAccount, endpoint.proxy == .ambient)
    }
    for workload in proxies.keys where accounts[workload] == nil { accounts[workload] = ("", false) }
    var rows = accounts.map { workload, known -> IdentityRow in
      let domain = view.snapshot.meshes[workload.plane]?.trustDomain ?? "cluster.local"
      let proxy = proxies[workload]
      return IdentityRow(
        workload: workload,
        expected: known.account.isEmpty
          ? nil : "spiffe://\(domain)/ns/\(workload.namespace)/sa/\(known.account)", proxy: proxy,
        certificates: proxy.map { certificates[$0] ?? .unknown("it was not asked") }
          ?? .unknown(
            known.isAmbient ? "the proxy of its node holds its certificate, and is not asked" : "no proxy to ask"))
    }
    let (usual, key) = (usualRoots(rows), rootKeys(rows))
    for index in rows.indices { rows[index].trouble = trouble(rows[index], usualRoots: usual, key, at: view.at) }
    return rows.sorted {
      let (left, right) = ($0.trouble?.rawValue ?? .max, $1.trouble?.rawValue ?? .max)
      return left == right ? $0.workload < $1.workload : left < right
    }
  }

  /// What tells roots apart: their fingerprints where all are known whole, else serial numbers and ends.
  static func rootKeys(_ rows: [IdentityRow]) -> @Sendable (ProxyCertificate) -> String {
    let areWhole = rows.filter(\.isMeshed).allSatisfy {
      ($0.certificates.value?.roots ?? []).allSatisfy { $0.fingerprint != nil }
    }
    return { root in areWhole ? root.fingerprint ?? root.identifier : root.identifier }
  }

  /// The roots that most proxies believe, those of the first plane where as many believe others; empty where none is known.
  static func usualRoots(_ rows: [IdentityRow]) -> Set<String> {
    let key = rootKeys(rows)
    var counts: [Set<String>: Int] = [:]
    var first: [Set<String>: ObjectRef] = [:]
    for row in rows where row.isMeshed {
      let roots = Set((row.certificates.value?.roots ?? []).map(key))
      guard !roots.isEmpty else { continue }
      counts[roots, default: 0] += 1
      first[roots] = min(first[roots] ?? row.workload, row.workload)
    }
    return counts.min {
      if $0.value != $1.value { return $0.value > $1.value }
      guard let left = first[$0.key], let right = first[$1.key] else { return false }
      return left < right
    }?.key ?? []
  }

  private static func trouble(
    _ row: IdentityRow, usualRoots: Set<String>, _ key: (ProxyCertificate) -> String, at now: Instant
  ) -> IdentityRow.Trouble? {
    guard let held = row.certificates.value, row.isMeshed else { return nil }
    let roots = Set(held.roots.map(key))
    if !roots.isEmpty, !usualRoots.isEmpty, roots.isDisjoint(with: usualRoots) { return .otherRoots }
    guard let certificate = held.workload else { return .noIdentity }
    let isExpected = row.expected == nil || certificate.spiffe == row.expected
    switch certificate.standing(at: now) {
    case .expired: return .expired
    case .late where isExpected && !roots.isEmpty: return .late
    case .fresh, .late: break
    }
    if !isExpected { return .otherIdentity }
    return roots.isEmpty ? .noRoots : nil
  }
}
