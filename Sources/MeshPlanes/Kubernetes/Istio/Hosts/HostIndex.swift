public import MeshModel

/// The hosts that a snapshot's services answer to, for looking up many of them.
public struct HostIndex: Sendable {
  /// The settings names are resolved with.
  public let settings: MeshSettings
  private let exact: [String: [Kept<Service>]]
  private let wildcards: [(pattern: String, service: Kept<Service>)]

  /// Indexes the services of one plane.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings? = nil) {
    let settings = settings ?? snapshot.meshes[plane] ?? MeshSettings()
    var exact: [String: [Kept<Service>]] = [:]
    exact.reserveCapacity(snapshot.services.count)
    var wildcards: [(String, Kept<Service>)] = []
    for kept in snapshot.services.kept where kept.value.ref.plane == plane {
      let (ref, service) = (kept.value.ref, kept.value)
      if ref.kind == IstioKind.serviceEntry.rawValue {
        for host in service.hosts {
          if host.utf8.first == UInt8(ascii: "*") {
            wildcards.append((host, kept))
          } else {
            exact[host, default: []].append(kept)
          }
        }
      } else {
        exact["\(ref.name).\(ref.namespace).svc.\(settings.domain)", default: []].append(kept)
      }
    }
    self.settings = settings
    self.exact = exact
    // The longest pattern is the most specific one.
    self.wildcards = wildcards.sorted { ($1.0.utf8.count, $0.0) < ($0.0.utf8.count, $1.0) }
  }

  /// The full name of a host written in a rule of a namespace.
  public func resolved(_ host: String, in namespace: String) -> String {
    IstioHost.resolved(host, namespace: namespace, domain: settings.domain)
  }

  /// The service that answers to a host written in a rule of a namespace, as far as it is visible there.
  ///
  /// Of several the one in the rule's own namespace goes first, then Kubernetes services, then the first by name.
  public func service(_ host: String, in namespace: String) -> Service? {
    service(resolved: resolved(host, in: namespace), visibleIn: namespace)
  }

  /// The service that answers to a full name.
  public func service(resolved host: String, visibleIn namespace: String) -> Service? {
    if let found = exact[host] {
      if found.count == 1, let only = found.first?.value {
        return isVisible(only, in: namespace) ? only : nil
      }
      return found.lazy.map(\.value).filter { isVisible($0, in: namespace) }.min {
        rank($0, namespace) < rank($1, namespace)
      }
    }
    return wildcards.first {
      IstioHost.matches(pattern: $0.pattern, host: host)
        && isVisible($0.service.value, in: namespace)
    }?.service.value
  }

  private func isVisible(_ service: Service, in namespace: String) -> Bool {
    IstioHost.isExported(
      service.exportTo, from: service.ref.namespace, to: namespace, unless: settings.serviceExportTo)
  }

  private func rank(_ service: Service, _ namespace: String) -> (Int, Int, String) {
    (
      service.ref.namespace == namespace ? 0 : 1, service.ref.kind == IstioKind.serviceEntry.rawValue ? 1 : 0,
      service.ref.description
    )
  }
}
