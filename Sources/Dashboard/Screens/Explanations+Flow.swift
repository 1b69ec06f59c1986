import MeshKit
import TerminalUI

extension Explanations {
  /// Everything known of an edge of the graph: what flows, how it is protected, what each end says, and how it is known.
  static func flow(_ wire: GraphLayout.Wire, between ends: GraphEdge, _ state: DashboardState) -> TextSheet {
    var lines = [text("from  \(ends.source)"), text("to    \(ends.destination)")]
    for link in wire.links { lines += self.link(link, isGroup: GraphSelection.isGroup(ends.source)) }
    lines += basis(of: wire, ends, state) + [text("")] + commands(state)
    return sheet("\(Cells.name(ends.source)) → \(Cells.name(ends.destination))", lines)
  }

  private static func link(_ link: TopologyGraph.Link, isGroup: Bool) -> [Line] {
    // Of what is drawn together, only the sum is known here: neither one service nor one identity.
    let called =
      isGroup ? "ALL CALLS" : link.service.isEmpty ? "CALLS, the service is not known" : "CALLS \(link.service)"
    var lines = [text(""), heading("\(called) over \(link.transport)")]
    if let declared = link.declared {
      lines.append(text("  \(Figures.unmeasured); \(declared) sets the caller up for them", .muted))
    } else {
      lines += figures(link.traffic, link.transport).map { text("  \($0)") }
    }
    if !isGroup, link.declared == nil { lines += security(link.security) }
    if let said = TopologyView.said(link.reports, link.transport) {
      lines.append(text("  \(said)", link.reports.count > 1 ? .text : .warn))
    }
    for report in link.reports where link.reports.count > 1 {
      lines.append(text("  \(words(report.reporter)), on \(report.plane)", .muted))
      lines += figures(report.traffic, link.transport).map { text("    \($0)") }
    }
    if let joined = link.joined { lines.append(text("  taken for a service of another plane: \(joined)")) }
    return lines
  }

  private static func words(_ reporter: Edge.Reporter) -> SafeText {
    switch reporter {
    case .source: "the caller's end"
    case .destination, .alone: "the server's end"
    case .waypoint: "a waypoint"
    case .sink: "a sink"
    }
  }

  /// The figures of a flow in words; what was not measured has a dash.
  private static func figures(_ traffic: TrafficSum, _ transport: String) -> [SafeText] {
    let counted = "n=\(Figures.compact(traffic.n))"
    var words: [SafeText] = []
    if transport != "tcp" {
      words = [
        "\(Figures.rate(traffic.rps)), err \(Figures.percent(traffic.errorRate)), \(counted)",
        "p50 \(Figures.latency(traffic, \.p50ms)), p95 \(Figures.latency(traffic, \.p95ms)), p99 \(Figures.latency(traffic))",
      ]
    }
    if transport == "tcp" || traffic.bytesPerSecond != nil {
      words.append("\(Figures.bytes(traffic.bytesPerSecond)) both ways")
    }
    if let messages = traffic.messagesPerSecond { words.append("\(Figures.compact(messages)) messages/s both ways") }
    return words + ["mTLS \(Figures.percent(traffic.mtlsShare))"]
  }

  private static func security(_ security: Known<EdgeSecurity>) -> [Line] {
    switch security {
    case .unknown(let reason): [text("  identities are not known: \(reason)", .muted)]
    case .known(let security, _, _):
      security.serverIdentities.map { text("  the server proved to be \($0)") }
        + security.plain.sorted { $0.key < $1.key }.map {
          text("  \(Figures.compact($0.value)) connections are not protected: \($0.key)", .warn)
        }
    }
  }

  /// The sources that measured an edge, and their queries behind it.
  private static func basis(of wire: GraphLayout.Wire, _ ends: GraphEdge, _ state: DashboardState) -> [Line] {
    let planes = Set([ends.source.plane, ends.destination.plane] + wire.reports.map(\.plane))
    let isGroup = GraphSelection.isGroup(ends.source)
    // What was drawn at another plane's service goes by another name where it was measured.
    let isJoined = wire.links.contains { $0.joined != nil }
    return planes.sorted().flatMap { plane -> [Line] in
      switch state.view?.traffic[plane] {
      case nil: return []
      case .unknown(let reason)?:
        return [text(""), heading("\(plane)"), text("  traffic is not known: \(reason)", .warn)]
      case .known(let report, let source, let at)?:
        let own = report.edges.filter { edge in
          edge.source.workload == ends.source.name && edge.source.namespace == ends.source.namespace
            && (isJoined || [edge.destination.workload, edge.destination.service].contains(ends.destination.name))
        }
        guard isGroup || !own.isEmpty else { return [] }
        let ids = Set(own.map(\.traffic.query))
        let queries = report.queries.filter { isGroup || ids.contains($0.id) }
        return [text("")] + measured(report, queries, by: "\(plane): \(source)", at, state)
      }
    }
  }
}

extension DashboardState {
  /// The chosen edge of the graph; `nil` where none is, or where the chosen node is not at its ends.
  var chosenWire: GraphLayout.Wire? {
    guard let edge = topology.edge, let graph = data[.topology]?.graph,
      let box = graph.index(of: places[.topology]?.chosen.flatMap { ObjectRef($0) })
    else { return nil }
    return graph.wires(at: box).first { graph.ends(of: $0) == edge }
  }
}
