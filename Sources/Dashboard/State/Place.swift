import MeshKit
import TerminalUI

/// Where the operator stands on one screen: the choice, the filter, the order.
struct Place: Sendable, Hashable {
  /// The chosen row and the window.
  var list = ListState()
  /// The identity of the chosen row, which it keeps when rows come and go.
  var chosen: String?
  /// The marked rows, by their identities.
  var marked: Set<String> = []
  /// The filter as typed; empty shows everything.
  var filter = ""
  /// The column sorted by; `nil` keeps the screen's own order.
  var sort: SortOrder?
  /// Whether the screen's other table is shown (workloads for services, accepted modes for the matrix,
  /// the ignored among the findings).
  var isAlternate = false
  /// The thing opened from the table, shown in place of it.
  var detail: String?
  /// The line at the top of the detail.
  var detailOffset = 0
}

/// An order of rows.
struct SortOrder: Sendable, Hashable {
  /// The column, by its name.
  var column: String
  /// Whether the least comes first.
  var isAscending: Bool
}

/// What of the graph is shown.
struct TopologyQuery: Sendable, Hashable {
  /// The node in the middle; `nil` shows the whole graph.
  var focus: ObjectRef?
  /// How many edges away from it still shows.
  var hops = 1
  /// Whether nodes without traffic show.
  var showsIdle = false
  /// What nodes are drawn together.
  var grouping = GraphGrouping.none
  /// The chosen edge; it counts at its two ends alone.
  var edge: GraphEdge?
}

/// An edge of the drawn graph, by the nodes it joins.
struct GraphEdge: Sendable, Hashable {
  /// Where it begins and where it leads.
  var source, destination: ObjectRef
}

/// What nodes of the graph are drawn together as one.
enum GraphGrouping: String, Sendable, Hashable, CaseIterable {
  case none, namespace, cluster, plane

  /// The one after it; of one plane alone, clusters and planes are passed over.
  func next(ofSeveralPlanes: Bool) -> GraphGrouping {
    switch self {
    case .none: .namespace
    case .namespace: ofSeveralPlanes ? .cluster : .none
    case .cluster: .plane
    case .plane: .none
    }
  }
}

/// A measurement kept for the small charts of the overview.
struct HistoryPoint: Sendable, Hashable {
  /// When it was measured.
  var at: Instant
  /// Requests a second.
  var rps: Double?
  /// The share of them that failed, 0–1.
  var errorRate: Double?
  /// The greatest 99th percentile in milliseconds.
  var p99: Double?
}

/// The requests and bytes of each thing at one measurement, kept for the small charts of rows.
struct TrendPoint: Sendable, Hashable {
  /// When it was measured.
  var at: Instant
  /// Requests a second by ``Summary/rates``.
  var rates: [ObjectRef: Double]
  /// Bytes a second by ``Summary/bytes``.
  var bytes: [ObjectRef: Double]
}
