import MeshKit
import TerminalUI

/// What is shown of a row once it is opened, as lines to read.
enum DetailText {
  /// The lines for the row of an identity on a screen.
  static func lines(of id: String, on screen: ScreenID, in view: MeshView, findings: [Finding]) -> [Line] {
    guard let ref = ObjectRef(id) else { return [Line("\(id) is gone", .muted)] }
    if let service = view.snapshot.services[ref] { return lines(service, view, findings) }
    if let workload = view.snapshot.workloads[ref] { return lines(workload, view, findings) }
    return [Line("\(ref) is known from traffic alone", .muted), Line("")] + edges(ref, view)
  }

  private static func heading(_ text: SafeText) -> [Line] { [Line(""), Line(text, .header)] }

  private static func lines(_ service: Service, _ view: MeshView, _ findings: [Finding]) -> [Line] {
    var lines = [
      Line(
        "\(service.ref.namespace)/\(service.ref.name)  \(service.role.rawValue), \(service.runtime.rawValue)", .title),
      field("hosts", service.hosts.joined(separator: ", ")),
      field(
        "ports",
        service.ports.map { "\($0.port)\($0.targetPort.map { "→\($0)" } ?? "") \($0.appProtocol)" }.joined(
          separator: ", ")),
      field(
        "selector", service.selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")),
    ]
    if let remote = service.remote { lines.append(field("remote", "\(remote.host) of \(remote.cluster)")) }
    lines += view.serviceJoins().words(for: service.ref).map { field("elsewhere", $0) }
    let members = view.workloads(of: service, WorkloadIndex(view.snapshot))
    lines += heading("WORKLOADS")
    lines +=
      members.isEmpty
      ? [Line("  none is selected", .muted)]
      : members.sorted { $0.ref < $1.ref }.map { workload in
        let ready = view.snapshot.readiness[workload.ref]
        return Line("  \(workload.ref.name)  \(ready?.ready ?? 0)/\(ready?.total ?? 0) ready, \(workload.nativeKind)")
      }
    lines += stores(service, view)
    lines += heading("CALLERS") + callers(members.map(\.ref), service, view)
    lines += routes(service, view) + policies(members, of: service, view) + endpoints(members, view)
    return lines + problems(findings, [service.ref] + members.map(\.ref))
  }

  private static func lines(_ workload: Workload, _ view: MeshView, _ findings: [Finding]) -> [Line] {
    let ready = view.snapshot.readiness[workload.ref]
    var lines = [
      Line(
        "\(workload.ref.namespace)/\(workload.ref.name)  \(workload.nativeKind), \(workload.runtime.rawValue)", .title),
      field("ready", "\(ready?.ready ?? 0) of \(max(ready?.total ?? 0, workload.desired ?? 0))"),
      field("account", workload.serviceAccount),
      field(
        "labels", workload.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")),
    ]
    lines += heading("EDGES") + edges(workload.ref, view)
    lines += policies([workload], view) + endpoints([workload], view)
    return lines + problems(findings, [workload.ref])
  }

  /// What proxies counted of a database, a cache or a broker in its own protocol.
  private static func stores(_ service: Service, _ view: MeshView) -> [Line] {
    let found = view.stores(on: service.ref.plane).services[service.ref] ?? []
    return found.isEmpty ? [] : heading("COMMANDS") + found.flatMap(\.lines).map { Line("  \($0)") }
  }

  private static func field(_ name: SafeText, _ value: String) -> Line {
    var line = Line(name.padded(to: 10), .muted)
    line.append(value.isEmpty ? "–" : SafeText(value))
    return line
  }

  private static func edges(_ ref: ObjectRef, _ view: MeshView) -> [Line] {
    if let reason = view.traffic(on: ref.plane).reason { return [Line("  traffic is not known: \(reason)", .muted)] }
    let links = view.topology(plane: ref.plane, idle: false).links
    let own = links.filter { $0.source == ref || $0.destination == ref }
    guard !own.isEmpty else { return [Line("  no traffic in the window", .muted)] }
    return own.map { link in
      let isIn = link.destination == ref
      let other = isIn ? link.source : link.destination
      return flow(
        "\(isIn ? "←" : "→") \(other.namespace.isEmpty ? "" : "\(other.namespace)/")\(other.name)", link.traffic,
        link.transport)
    }
  }

  /// That nobody called, or why that is not known.
  private static func none(_ service: ObjectRef, _ view: MeshView) -> Line {
    let rows = view.serviceRows(plane: service.plane, namespace: service.namespace)
    guard let reason = rows.first(where: { $0.ref == service })?.traffic.reason else {
      return Line("  no traffic in the window", .muted)
    }
    return Line("  traffic is not known: \(reason)", .muted)
  }

  private static func callers(_ members: [ObjectRef], _ service: Service, _ view: MeshView) -> [Line] {
    if let reason = view.traffic(on: service.ref.plane).reason {
      return [Line("  traffic is not known: \(reason)", .muted)]
    }
    let wanted = Set(members)
    let own = view.topology(plane: service.ref.plane, idle: false).links.filter { link in
      (wanted.contains(link.destination) || link.destination.name == service.hosts.first)
        && (link.service.isEmpty || service.hosts.contains { $0 == link.service }
          || link.service.hasPrefix(service.ref.name))
    }
    guard !own.isEmpty else { return [none(service.ref, view)] }
    return own.map {
      flow("\($0.source.shortName) → \($0.destination.name)", $0.traffic, $0.transport)
    }
  }

  private static func flow(_ who: SafeText, _ traffic: TrafficSum, _ transport: String) -> Line {
    var line = Line("  \(who.padded(to: 36)) ")
    line.append(SafeText(Figures.amount(traffic, transport)).padded(to: 9, align: .right))
    let isBad = (traffic.errorRate ?? 0) >= 0.01
    line.append("  err \(Figures.percent(traffic.errorRate))", isBad ? .bad : .text)
    line.append("  p99 \(Figures.latency(traffic))  ")
    line.append("mTLS \(Figures.percent(traffic.mtlsShare))", (traffic.mtlsShare ?? 1) < 0.99 ? .warn : .text)
    return line
  }

  private static func routes(_ service: Service, _ view: MeshView) -> [Line] {
    let names = Set(service.hosts + [service.ref.name])
    let own = view.snapshot.routes.values.filter { route in
      route.ref.plane == service.ref.plane
        && (route.hosts.contains {
          names.contains($0) && ($0.contains(".") || route.ref.namespace == service.ref.namespace)
        })
    }.sorted { $0.ref < $1.ref }
    guard !own.isEmpty else { return [] }
    return heading("ROUTES")
      + own.map {
        Line(
          "  \($0.ref.kind) \($0.ref.namespace)/\($0.ref.name)  \($0.rules.count) rules, attached to \($0.attachedTo.joined(separator: ", "))"
        )
      }
  }

  private static func policies(_ members: [Workload], of service: Service? = nil, _ view: MeshView) -> [Line] {
    var lines: [Line] = []
    if let service {
      let own = view.snapshot.accessPolicies.values.filter { $0.targets.contains(service.ref) }
      lines += own.sorted { $0.ref < $1.ref }.map {
        Line("  before it: \($0.action) \($0.ref.name): \($0.rules.joined(separator: "; "))")
      }
    }
    for workload in members.prefix(20) {
      if let accepted = view.mtlsRules(plane: workload.ref.plane)?.accepted(by: workload, port: nil) {
        lines.append(Line("  \(workload.ref.name) accepts \(accepted.mode.rawValue)"))
        lines += accepted.reasons.map { Line("    \($0.description)", .muted) }
      }
      for policy in view.snapshot.accessPolicies.values.filter({ $0.isFor(workload) }).sorted(by: { $0.ref < $1.ref }) {
        lines.append(Line("  \(policy.action) \(policy.ref.name): \(policy.rules.joined(separator: "; "))"))
      }
    }
    return lines.isEmpty ? [] : heading("POLICIES") + lines
  }

  private static func endpoints(_ members: [Workload], _ view: MeshView) -> [Line] {
    let wanted = Set(members.map(\.ref))
    let all = view.snapshot.endpoints.values.filter { wanted.contains($0.workload) }.sorted { $0.ref < $1.ref }
    guard !all.isEmpty else { return heading("ENDPOINTS") + [Line("  none", .muted)] }
    var lines = heading("ENDPOINTS  \(all.count)")
    for endpoint in all.prefix(200) {
      var line = Line("  \(SafeText(endpoint.ref.name).padded(to: 40)) ")
      line.append(endpoint.isReady ? "ready    " : "not ready", endpoint.isReady ? .good : .bad)
      line.append("  \(endpoint.address.isEmpty ? "no address" : endpoint.address)  proxy \(endpoint.proxy.rawValue)")
      if !endpoint.acceptsMeshTLS { line.append("  no mesh TLS", .warn) }
      lines.append(line)
    }
    return lines
  }

  private static func problems(_ findings: [Finding], _ refs: [ObjectRef]) -> [Line] {
    let own = findings.filter { refs.contains($0.object) }
    return own.isEmpty
      ? [] : heading("FINDINGS") + own.map { Line("  \($0.severity.rawValue) \($0.code): \($0.message)", .warn) }
  }
}
