import MeshModel

/// One policy that lets callers in by a Server, with its demands resolved.
///
/// Source: Linkerd, "Authorization Policy": the entries of `requiredAuthenticationRefs` must all be met, and of an
/// authentication's identities or networks one.
struct LinkerdAuthorization {
  let policy: AccessPolicy
  /// The route it lets in by alone; `nil` where it is for every request.
  let route: ObjectRef?
  private let demands: [Demand]

  private enum Demand {
    case identities([String], by: String)
    case networks([NetworkRange], by: String)
    case missing(ObjectRef)
  }

  init(_ policy: AccessPolicy, route: ObjectRef? = nil, in snapshot: MeshSnapshot) {
    self.policy = policy
    self.route = route
    var demands: [Demand] = []
    if policy.ref.kind == LinkerdKind.serverAuthorization.rawValue {
      if !policy.principals.isEmpty { demands.append(.identities(policy.principals, by: "")) }
    } else {
      // Each ServiceAccount is a demand of its own.
      demands += policy.principals.map { .identities([$0], by: "") }
    }
    if let networks = policy.networks { demands.append(.networks(networks, by: "")) }
    for ref in policy.requires {
      guard let authentication = snapshot.accessPolicies[ref] else {
        demands.append(.missing(ref))
        continue
      }
      if let networks = authentication.networks {
        demands.append(.networks(networks, by: ref.name))
      } else {
        demands.append(.identities(authentication.principals, by: ref.name))
      }
    }
    self.demands = demands
  }

  /// Whether it lets in only callers with a proven identity.
  var needsIdentity: Bool { demands.contains { if case .networks = $0 { false } else { true } } }

  /// What a caller needs, in words.
  var need: String {
    guard !demands.isEmpty else { return "nothing" }
    return demands.map { demand in
      switch demand {
      case .identities(let names, let by):
        (names == ["*"] ? "any identity of the mesh" : "the identity \(names.joined(separator: " or "))")
          + (by.isEmpty ? "" : " (\(by))")
      case .networks(let ranges, let by):
        "an address in \(ranges.map(\.cidr).joined(separator: " or "))" + (by.isEmpty ? "" : " (\(by))")
      case .missing(let ref): "the \(ref.kind) \(ref.name), which is not there"
      }
    }.joined(separator: " and ")
  }

  /// Whether a caller meets all demands.
  func admits(_ caller: LinkerdCaller) -> Met {
    demands.reduce(.yes) { met, demand in
      switch demand {
      case .missing: met.and(.no)
      case .identities(let names, _): met.and(names.contains(where: caller.isNamed) ? .yes : .no)
      case .networks(let ranges, _): met.and(Self.networks(ranges, caller))
      }
    }
  }

  /// Whether every instance of a caller is in one of the networks.
  static func networks(_ ranges: [NetworkRange], _ caller: LinkerdCaller) -> Met {
    let addresses = caller.addresses.filter { !$0.isEmpty }
    guard !addresses.isEmpty else { return .unknown("the addresses of \(caller.account) are not known") }
    let inside = addresses.map { address -> Bool? in
      let answers = ranges.map { $0.contains(address) }
      return answers.contains(true) ? true : answers.contains(nil) ? nil : false
    }
    if inside.allSatisfy({ $0 == true }) { return .yes }
    if inside.allSatisfy({ $0 == false }) { return .no }
    return .unknown("some instances of \(caller.account) are in the networks asked for and others are not")
  }
}
