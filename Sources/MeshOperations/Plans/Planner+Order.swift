import MeshModel
import MeshPlanes

/// The order in which several things are written: make before break.
///
/// What is referred to (a DestinationRule) comes before what refers to it (a VirtualService), and what is taken away comes
/// last, in the reverse order. Where proxies take both in different ways (clusters, routes), the next waits until they have
/// acknowledged the one before.
extension Planner {
  /// Where something stands in the order.
  private struct Place: Comparable {
    private let order: [Int]

    /// A route that hands on to another one rests on it as routes do on what they lead to.
    init(_ takesAway: Bool, _ rank: Int, handsOn: Bool = false) {
      let place = [rank, handsOn ? 1 : 0]
      order = takesAway ? [1] + place.map { -$0 } : [0] + place
    }

    static func < (left: Place, right: Place) -> Bool { left.order.lexicographicallyPrecedes(right.order) }
  }

  /// Intents in the order in which what they want can be made.
  static func inOrder(_ intents: [Intent], of kinds: [ObjectKind]) -> [Intent] {
    let ranked = intents.enumerated().map { number, intent in
      let isTaken = if case .delete = intent { true } else { false }
      return (place: Place(isTaken, rank(intent.kind, in: kinds)), number: number, intent: intent)
    }
    return ranked.sorted { ($0.place, $0.number) < ($1.place, $1.number) }.map(\.intent)
  }

  /// Steps in an order of which every part leaves what routes refer to in place, with barriers where one rests on another.
  static func inOrder(
    _ steps: [Step], of kinds: [ObjectKind], _ before: MeshSnapshot, after: MeshSnapshot
  ) -> [Step] {
    let ranked = steps.enumerated().map { number, step in
      let route = after.routes[step.object] ?? before.routes[step.object]
      let handsOn = route?.rules.contains { $0.delegate != nil } ?? false
      let place = Place(takesAway(step), rank(step.object.kind, in: kinds), handsOn: handsOn)
      return (place: place, number: number, step: step)
    }
    var ordered = ranked.sorted { ($0.place, $0.number) < ($1.place, $1.number) }.map(\.step)
    for index in ordered.indices {
      let isLast = index == ordered.count - 1
      let isCrossing = !isLast && isRoute(ordered[index].object.kind) != isRoute(ordered[index + 1].object.kind)
      ordered[index].barrier = isCrossing ? .acknowledged(within: Executor.usualWait) : nil
    }
    return ordered
  }

  /// The errors that are there for a moment only, while what routes refer to and the routes themselves do not fit.
  func passingErrors(of steps: [Step], _ view: MeshView, plane: PlaneName, but lasting: Set<Finding>) -> [String] {
    steps.indices.dropLast().filter { steps[$0].barrier != nil }.flatMap { index in
      let halfway = snapshot(after: steps[...index], on: view.snapshot, view)
      let passing = view.problems(of: halfway, on: plane).filter { $0.severity == .error }
      return Array(passing).subtracting(Array(lasting)).sorted { ($0.object, $0.code) < ($1.object, $1.code) }.map {
        "until step \(index + 2) is written there is \($0.code) in \($0.object.shortName): \($0.message); "
          + "to avoid it, make first and take away in a plan of its own"
      }
    }
  }

  /// Whether a step only takes away from what others may refer to.
  private static func takesAway(_ step: Step) -> Bool {
    switch step.write {
    case .create: false
    case .delete: true
    case .patch(let patch):
      !isRoute(step.object.kind)
        && patch.changes.allSatisfy { if case .remove = $0 { true } else { false } }
    }
  }

  private static func isRoute(_ kind: ObjectKind) -> Bool { PlaneRegistry.routeKinds.contains(kind) }

  /// The place of a kind in the order in which a plane's objects can be made: namespaces come first, then what the plane
  /// does not name, such as a Kubernetes Service, and routes of whatever API last.
  private static func rank(_ kind: ObjectKind, in kinds: [ObjectKind]) -> Int {
    if kind == "namespace" { return -2 }
    return kinds.firstIndex(of: kind) ?? (isRoute(kind) ? kinds.count : -1)
  }
}
