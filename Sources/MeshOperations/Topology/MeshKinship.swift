public import MeshModel

/// Whether two planes are parts of one mesh, with the words that say why.
public enum MeshKinship: Sendable, Hashable {
  /// They are one mesh.
  case same(String)
  /// They are different meshes.
  case different(String)
  /// Nothing read says either.
  case unknown(String)

  /// What says so.
  public var reason: String {
    switch self {
    case .same(let reason), .different(let reason), .unknown(let reason): reason
    }
  }

  /// Whether they are one mesh.
  public var isSame: Bool { if case .same = self { true } else { false } }

  /// Whether they are different meshes.
  public var isDifferent: Bool { if case .different = self { true } else { false } }
}

extension MeshKinship {
  /// The trust domain of an installation that named none; it says nothing, since every such mesh has it
  /// (Istio, `MeshConfig.trustDomain`).
  static let defaultTrustDomain = "cluster.local"

  /// The kinship that two meshes' settings prove.
  ///
  /// Within one mesh of several clusters a namespace of one name has one owner and a service of one name in it is one
  /// service ("namespace sameness": Istio, deployment models, and the Multi-Cluster Services API, KEP-1645). Across
  /// meshes equal names mean nothing. So before names count, settings must show one mesh:
  ///
  /// - Different trust domains, of which neither is an alias of the other, part meshes; so do different mesh IDs
  ///   (`defaultConfig.meshId`), and roots of trust of which none is common: a SPIFFE trust domain is its root keys
  ///   (SPIFFE-ID, §2.1), whatever its name.
  /// - One mesh ID, one root in one trust domain, or one trust domain that somebody named make one mesh.
  /// - The trust domain `cluster.local` alone proves nothing. Different networks (`topology.istio.io/network`) part no
  ///   mesh either, since one may span several; where nothing else speaks they are named in the reason.
  static func of(_ one: MeshSettings, _ other: MeshSettings) -> MeshKinship {
    let isAlias =
      one.trustDomainAliases.contains(other.trustDomain) || other.trustDomainAliases.contains(one.trustDomain)
    guard one.trustDomain == other.trustDomain || isAlias else {
      return .different("the trust domains differ: \(one.trustDomain) and \(other.trustDomain)")
    }
    if !one.meshID.isEmpty, !other.meshID.isEmpty, one.meshID != other.meshID {
      return .different("the mesh IDs differ: \(one.meshID) and \(other.meshID)")
    }
    if !one.roots.isEmpty, !other.roots.isEmpty {
      guard !one.roots.isDisjoint(with: other.roots) else {
        return .different("no root certificate is common, so neither can prove itself to the other")
      }
      return .same("one root of trust for \(one.trustDomain)")
    }
    if !one.meshID.isEmpty, one.meshID == other.meshID { return .same("one mesh ID, \(one.meshID)") }
    if isAlias { return .same("\(one.trustDomain) and \(other.trustDomain) are aliases of one trust domain") }
    if one.trustDomain != defaultTrustDomain { return .same("one trust domain, \(one.trustDomain)") }
    let networks =
      one.network.isEmpty || other.network.isEmpty || one.network == other.network
      ? "" : ", and their networks differ: \(one.network) and \(other.network)"
    return .unknown("both have the default trust domain and name no common mesh\(networks)")
  }
}

extension MeshView {
  /// The kinship of two planes.
  public func kinship(_ one: PlaneName, _ other: PlaneName) -> MeshKinship {
    if one == other { return .same("one plane") }
    guard let left = snapshot.meshes[one], let right = snapshot.meshes[other] else {
      return .unknown("no identity that both have is read of them")
    }
    return MeshKinship.of(left, right)
  }
}
