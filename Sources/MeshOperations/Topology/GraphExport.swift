import MeshModel

extension TopologyGraph {
  /// The graph in Graphviz' language.
  public var dot: String {
    var lines = ["digraph mesh {", "  rankdir=LR;", "  node [shape=box, fontname=\"monospace\"];"]
    for (number, group) in planes.enumerated() {
      if let title = group.title {
        lines.append("  subgraph cluster_\(number) {")
        lines.append("    label=\(Self.quoted(title));")
      }
      for node in group.nodes {
        let shape =
          node.role == .database || node.role == .cache
          ? ", shape=cylinder" : node.role == .message ? ", shape=cds" : ""
        let text = "\(Self.quoted(node.ref.description)) [label=\(Self.quoted(Self.label(node)))\(shape)];"
        lines.append((group.title == nil ? "  " : "    ") + text)
      }
      if group.title != nil { lines.append("  }") }
    }
    for link in links {
      lines.append(
        "  \(Self.quoted(link.source.description)) -> \(Self.quoted(link.destination.description)) [label=\(Self.quoted(Self.label(link)))];"
      )
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  /// The graph in Mermaid's language.
  public var mermaid: String {
    let numbers = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($0.element.ref, "n\($0.offset)") })
    var lines = ["flowchart LR"]
    for (number, group) in planes.enumerated() {
      if let title = group.title { lines.append("  subgraph p\(number)[\(Self.quoted(title))]") }
      for node in group.nodes {
        let ends = node.role == .database || node.role == .cache ? ("[(", ")]") : ("[", "]")
        lines.append("  \(numbers[node.ref] ?? "n")\(ends.0)\(Self.quoted(Self.label(node)))\(ends.1)")
      }
      if group.title != nil { lines.append("  end") }
    }
    for link in links {
      guard let source = numbers[link.source], let destination = numbers[link.destination] else { continue }
      lines.append("  \(source) -->|\(Self.quoted(Self.label(link)))| \(destination)")
    }
    return lines.joined(separator: "\n")
  }

  /// The graph as an indented tree from those nobody calls; a node met before is marked and not followed again.
  public var tree: String {
    var lines: [String] = []
    let children = Dictionary(grouping: links, by: \.source)
    let called = Set(links.map(\.destination))
    let byRef = Dictionary(uniqueKeysWithValues: nodes.map { ($0.ref, $0) })
    let isOfSeveralPlanes = isOfSeveralPlanes
    var seen: Set<ObjectRef> = []
    func walk(_ ref: ObjectRef, prefix: String, connector: String, figures: String) {
      let label = (isOfSeveralPlanes ? "\(ref.plane): " : "") + (byRef[ref].map(Self.label) ?? ref.name)
      let repeated = !seen.insert(ref).inserted
      let again = repeated && children[ref] != nil ? " …" : ""
      lines.append(prefix + connector + label + (figures.isEmpty ? "" : "  " + figures) + again)
      guard !repeated else { return }
      let below = children[ref] ?? []
      let deeper = prefix + (connector.isEmpty ? "" : connector == "├─ " ? "│  " : "   ")
      for (index, link) in below.enumerated() {
        walk(
          link.destination, prefix: deeper, connector: index == below.count - 1 ? "└─ " : "├─ ",
          figures: Self.label(link))
      }
    }
    for node in nodes where !called.contains(node.ref) { walk(node.ref, prefix: "", connector: "", figures: "") }
    for node in nodes where !seen.contains(node.ref) { walk(node.ref, prefix: "", connector: "", figures: "") }
    return lines.joined(separator: "\n")
  }

  /// The nodes by plane, with the plane and its clusters as a title; all in one group without a title where there is one
  /// plane.
  private var planes: [(title: String?, nodes: [Node])] {
    guard isOfSeveralPlanes else { return [(nil, nodes)] }
    return Dictionary(grouping: nodes, by: \.ref.plane).sorted { $0.key < $1.key }.map { plane, nodes in
      let clusters = Set(nodes.flatMap(\.clusters)).subtracting([plane]).sorted()
      return (clusters.isEmpty ? plane : "\(plane) (cluster \(clusters.joined(separator: ", ")))", nodes)
    }
  }

  private static func label(_ node: Node) -> String {
    let kind = node.runtime == .container ? (node.role.map(\.rawValue) ?? "") : node.runtime.rawValue
    return "\(node.ref.namespace.isEmpty ? "" : node.ref.namespace + "/")\(node.ref.name)"
      + (kind.isEmpty || kind == "http" ? "" : " (\(kind))") + (node.total > 0 ? " \(node.ready)/\(node.total)" : "")
  }

  private static func label(_ link: Link) -> String {
    guard link.declared == nil else { return Figures.unmeasured }
    var parts = [Figures.amount(link.traffic, link.transport)]
    if let rate = link.traffic.errorRate, rate > 0 { parts.append("\(Figures.percent(rate)) err") }
    if link.traffic.p99ms != nil { parts.append("p99 \(Figures.latency(link.traffic))") }
    if let share = link.traffic.mtlsShare { parts.append("mTLS \(Figures.percent(share))") }
    return parts.joined(separator: " ")
  }

  private static func quoted(_ text: String) -> String { JSONWriter.text(.string(text)) }
}
