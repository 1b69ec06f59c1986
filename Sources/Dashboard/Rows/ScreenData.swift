import MeshKit
import TerminalUI

/// What is to be worked out for a screen.
struct ScreenRequest: Sendable {
  /// The screen.
  var screen: ScreenID
  /// Where the operator stands on it.
  var place: Place
  /// What of the graph is shown.
  var topology: TopologyQuery
  /// The receipts of the journal.
  var receipts: [Receipt]
  /// The findings that are ignored.
  var ignored = IgnoredFindings()
  /// What proxies answered of their certificates.
  var certificates: [ObjectRef: CertificateEntry] = [:]
  /// The number of the view.
  var revision: Int
  /// The configuration problems, where those known do.
  var findings: KnownFindings?
  /// The numbers of the context bar, where they were worked out for this view already.
  var summary: Summary?
}

/// What was worked out for a screen from one view of the mesh, off the terminal's thread.
public struct ScreenData: Sendable {
  /// The screen.
  var screen: ScreenID
  /// The number of the view it was worked out from.
  var revision: Int
  /// The generation of the configuration its problems follow from.
  var generation = 0
  /// The rows that pass the filter, in order.
  var rows: [Row] = []
  /// The rows before the filter, heads left out.
  var total = 0
  /// The rows that pass the filter, heads left out.
  var shown = 0
  /// The numbers of the context bar.
  var summary: Summary
  /// The configuration problems, those that are ignored among them.
  var findings: [Finding] = []
  /// The findings that were ignored then.
  var ignored = IgnoredFindings()
  /// The graph, on the topology screen.
  var graph: GraphLayout?
  /// The lines of the opened detail.
  var detail: [Line]?
  /// Why the screen holds less than it should.
  var gap: String?
  /// How long it took, in seconds.
  var seconds = 0.0
  /// How long the configuration problems took of that; `nil` where they were known.
  var findingsSeconds: Double?

  /// Whether it is worth keeping while another screen is open. What is large is worked out anew: a mesh of 50,000 pods has tens of
  /// megabytes of rows.
  var isSmall: Bool { rows.count <= 1000 && graph?.boxes.count ?? 0 <= 1000 }

  /// The place of a row; one that is where it was is not looked for.
  func index(of id: String, near place: Int) -> Int? {
    rows.indices.contains(place) && rows[place].id == id ? place : rows.firstIndex { $0.id == id }
  }

  /// Works out what a request asks for.
  @concurrent
  static func compute(_ request: ScreenRequest, from view: MeshView) async -> ScreenData {
    let splits =
      switch request.screen {
      case .overview: AttentionList.splits(view)
      case .findings: view.attentionSplits(calm: 0)
      default: request.summary == nil ? view.attentionSplits(calm: 0) : []
      }
    var data = ScreenData(request, view, splits)
    data.fill(request, view, splits)
    return data
  }

  private init(_ request: ScreenRequest, _ view: MeshView, _ splits: [Split]) {
    screen = request.screen
    revision = request.revision
    ignored = request.ignored
    if let known = request.findings {
      (findings, generation) = (known.list, known.generation)
    } else {
      let begun = ContinuousClock.now
      (findings, generation) = (view.findings(), view.snapshot.generation)
      findingsSeconds = begun.duration(to: .now) / .seconds(1)
    }
    summary =
      request.summary
      ?? Summary(view, findings: request.ignored.leavingOut(of: view.disagreements(among: splits) + findings))
  }

  private mutating func fill(_ request: ScreenRequest, _ view: MeshView, _ splits: [Split]) {
    gap = summary.gap
    let isWhole = screen == .findings && request.place.isAlternate
    let ignored = isWhole ? IgnoredFindings() : request.ignored
    let findings = ignored.leavingOut(of: findings)
    if let opened = request.place.detail {
      detail = DetailText.lines(of: opened, on: screen, in: view, findings: findings)
    }
    if screen == .topology {
      let filter = Filter.lenient(request.place.filter)
      let graph = GraphSelection.graph(view, request.topology, filter)
      self.graph = GraphLayout(graph, focus: request.topology.focus)
      gap = graph.gap
      total = graph.nodes.count
      shown = total
      return
    }
    var all = screen.rows(request, view, splits: splits, findings: findings, ignored: ignored)
    total = all.count { !$0.isHead }
    let filter = Filter.lenient(request.place.filter)
    if !filter.isEmpty { all = RowOrder.filtered(all, filter) }
    shown = all.count { !$0.isHead }
    if let sort = request.place.sort { all = RowOrder.sorted(all, by: sort) }
    rows = all
  }
}
