import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck graph`.
struct Graph: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.graph.rawValue, abstract: "Write the topology as tree, dot, mermaid or JSON.",
    discussion: """
      EXAMPLES
        meshdeck graph -n shop
        meshdeck graph --as dot | dot -Tsvg > mesh.svg
      """)

  /// The forms of a graph.
  enum Form: String, ExpressibleByArgument, CaseIterable { case tree, dot, mermaid, json }

  @Option(name: .customLong("as"), help: "tree, dot, mermaid or json.")
  var form: Form = .tree

  @Flag(help: "Leave out what had no traffic in the window.")
  var hideIdle = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let (isOfForm, isJSON) = (options.output == .table || options.output == .wide, options.output == .json)
    guard form == .tree || isOfForm || form == .json && isJSON else {
      throw MeshError(
        .usage, "--as \(form.rawValue) and -o \(options.output.rawValue) exclude each other", remedy: "leave out one")
    }
    let deck = try await options.connect()
    try await options.load(deck)
    let view = await deck.view
    let graph = view.topology(plane: options.plane, namespace: options.namespace(of: deck), idle: !hideIdle)
    let console = options.console
    switch (options.output, form) {
    case (.json, _), (.yaml, _): try console.write(list: graph.json(planes: view.planes), as: options.output)
    case (.name, _): for node in graph.nodes { try console.line(node.ref.description) }
    case (_, .tree): try console.lines(graph.tree)
    case (_, .dot): try console.lines(graph.dot)
    case (_, .mermaid): try console.lines(graph.mermaid)
    case (_, .json): try console.write(graph.json(planes: view.planes))
    }
    if let gap = graph.gap { Console.note(gap) }
    if isOfForm, form != .json { Console.note(failuresOf: view.planes) }
  }
}

/// `meshdeck top`.
struct Top: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "The busiest first, again and again; once where output is no terminal.",
    discussion: """
      EXAMPLES
        meshdeck top
        meshdeck top workloads -n shop
        meshdeck top edges --once
      """)

  /// What can be ranked.
  enum Kind: String, ExpressibleByArgument, CaseIterable { case services, workloads, edges, routes }

  @Argument(help: "services, workloads, edges or routes.")
  var kind: Kind = .services

  @Flag(help: "Once, also on a terminal.")
  var once = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let deck = try await options.connect()
    try await options.load(deck)
    let namespace = options.namespace(of: deck)
    let isTable = options.output == .table || options.output == .wide
    guard options.console.isTerminal, isTable, !once else { return try write(await deck.view, namespace) }
    for await view in await deck.follow() {
      try options.console.write(Array("\u{1b}[H\u{1b}[2J".utf8))
      try write(view, namespace)
      try await Task.sleep(for: .seconds(2))
    }
  }

  private func write(_ view: MeshView, _ namespace: String?) throws {
    func rank(_ rows: [HealthRow]) -> [HealthRow] {
      rows.busiestFirst { row in row.traffic.value.map { [$0] } ?? [] }
    }
    func listing(_ kind: ListKind) -> Listing {
      Listing(kind: kind, name: nil, namespace: namespace, options: options, isBusiestFirst: true)
    }
    switch kind {
    case .services:
      try listing(.services).write(
        "ServiceList", rows: rank(view.serviceRows(plane: options.plane, namespace: namespace)), view)
    case .workloads:
      try listing(.workloads).write(
        "WorkloadList", rows: rank(view.workloadRows(plane: options.plane, namespace: namespace)), view)
    case .edges: try listing(.edges).write(view)
    case .routes: try listing(.splits).write(view)
    }
  }
}
