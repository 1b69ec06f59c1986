public import MeshModel

/// A rule of a VirtualService that hands requests on to another one.
///
/// Source: istiod, `MergeHTTPRoutes`: the delegate's rules take the place of the one that hands on, and proxies know them by
/// the root's hosts, object and rule.
public struct DelegateRoot: Sendable, Hashable {
  /// The VirtualService that hands on.
  public var ref: ObjectRef
  /// Its hosts in full.
  public var hosts: [String]
  /// The name of the rule that hands on; empty where it has none.
  public var rule: String

  /// Creates a root.
  public init(ref: ObjectRef, hosts: [String], rule: String) {
    self.ref = ref
    self.hosts = hosts
    self.rule = rule
  }

  /// The name under which a proxy knows a rule of the delegate; empty where neither has one.
  func name(of rule: Rule) -> String {
    rule.name.isEmpty || self.rule.isEmpty ? self.rule + rule.name : "\(self.rule)-\(rule.name)"
  }

  /// The roots of the delegates of a plane.
  static func all(in snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings) -> [ObjectRef: [DelegateRoot]] {
    var roots: [ObjectRef: [DelegateRoot]] = [:]
    for route in snapshot.routes.values where route.ref.plane == plane && route.dialect == .istio {
      for rule in route.rules {
        guard let delegate = rule.delegate else { continue }
        let hosts = route.hosts.map {
          IstioHost.resolved($0, namespace: route.ref.namespace, domain: settings.domain)
        }
        roots[delegate, default: []].append(DelegateRoot(ref: route.ref, hosts: hosts, rule: rule.name))
      }
    }
    return roots
  }
}
