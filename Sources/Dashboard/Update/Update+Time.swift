import MeshKit
import TerminalUI

/// A view kept, so that the operator can look back at it.
struct PastView: Sendable {
  /// When it was seen.
  var at: Instant
  /// What was seen.
  var view: MeshView
}

extension Update {
  /// The most views kept.
  static let mostKept = 60
  /// The things all kept views together may hold: a large mesh is kept for a shorter time.
  static let keptThings = 600_000

  /// Keeps a view, the oldest going where there are too many; at most one for each measurement or five seconds.
  func keep(_ view: MeshView, _ state: inout DashboardState) {
    if let last = state.past.last, view.at.age(of: last.at) < 4.5 { return }
    state.past.append(PastView(at: view.at, view: view))
    let things = view.snapshot.endpoints.count + view.traffic.values.reduce(0) { $0 + ($1.value?.edges.count ?? 0) }
    let most = min(Self.mostKept, max(Self.keptThings / max(things, 1), 6))
    let surplus = state.past.count - most
    guard surplus > 0 else { return }
    state.past.removeFirst(surplus)
    if let index = state.pastIndex { state.pastIndex = max(index - surplus, 0) }
  }

  /// Steps through what was seen: −1 to earlier, 1 to later; past the newest the screen follows the mesh again.
  func step(_ direction: Int, _ state: inout DashboardState) -> [Effect<Message>] {
    guard state.pastIndex != nil || direction < 0 else {
      state.toast = Toast("this is the newest there is; [ goes back", .info)
      return []
    }
    if let view = state.view, state.pastIndex == nil { keep(view, &state) }
    // What stands on the screen is the newest kept, or newer: the one before it was seen before.
    let index = (state.pastIndex ?? state.past.count - 1) + direction
    guard index >= 0 else {
      state.toast = Toast("nothing earlier was seen: this dashboard remembers what it saw itself, and no more", .info)
      return []
    }
    guard state.past.indices.contains(index), index < state.past.count - 1 else { return present(&state) }
    if state.pastIndex == nil { state.held = state.held ?? state.view }
    state.pastIndex = index
    state.view = state.past[index].view
    state.revision += 1
    return refresh(&state)
  }

  /// Leaves the past: the newest view is shown, and what comes from now on.
  func present(_ state: inout DashboardState) -> [Effect<Message>] {
    guard state.pastIndex != nil else { return [] }
    state.pastIndex = nil
    state.isPaused = false
    let newest = state.held ?? state.past.last?.view
    state.held = nil
    guard let newest else { return [] }
    state.toast = Toast("this is now again", .info)
    return apply(.view(newest), to: &state)
  }
}
