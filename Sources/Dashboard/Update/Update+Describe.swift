import MeshKit
import TerminalUI

extension Update {
  /// Shows the list of a screen.
  func list(
    _ screen: ScreenID, isAlternate: Bool, filter: String, _ state: inout DashboardState
  ) -> [Effect<Message>] {
    var place = state.places[screen] ?? Place()
    if place.isAlternate != isAlternate { (place.chosen, place.list, place.sort) = (nil, ListState(), nil) }
    (place.isAlternate, place.filter, place.detail) = (isAlternate, filter, nil)
    state.places[screen] = place
    return open(screen, &state)
  }

  /// Goes to a thing on its screen and opens it there; what has no screen is shown as its plane has it.
  func describe(_ ref: ObjectRef, _ state: inout DashboardState) -> [Effect<Message>] {
    guard let view = state.view else { return [] }
    if view.snapshot.services[ref] != nil || view.snapshot.workloads[ref] != nil { return openDetail(ref, &state) }
    if let route = view.snapshot.routes[ref] {
      state.overlay = .text(Explanations.route(route, in: view))
      return choose("\(ref)#0", on: .routes, &state)
    }
    if let row = ProxyRow(ref, in: view, state.certificates[ref]?.known) {
      let effects = choose(ref.description, on: .proxies, &state)
      if let reason = state.disabledReason("proxies.open") {
        state.toast = Toast(reason, .warn)
        return effects
      }
      state.toast = Toast("asking \(ref.name)…", .info)
      return effects + [self.effects.inspect(row, from: view)]
    }
    state.toast = Toast("fetching \(ref.description)…", .info)
    return [effects.show(ref)]
  }

  /// Opens a service or a workload, or what is known from traffic alone.
  func openDetail(_ ref: ObjectRef, _ state: inout DashboardState) -> [Effect<Message>] {
    var place = state.places[.services] ?? Place()
    (place.filter, place.detail, place.detailOffset, place.chosen) = ("", ref.description, 0, ref.description)
    place.isAlternate = state.view?.snapshot.services[ref] == nil
    (state.places[.services], state.screen) = (place, .services)
    return refresh(&state)
  }

  /// Goes to a row of a screen's own table.
  func choose(_ row: String, on screen: ScreenID, _ state: inout DashboardState) -> [Effect<Message>] {
    var place = state.places[screen] ?? Place()
    (place.chosen, place.filter, place.detail, place.isAlternate) = (row, "", nil, false)
    state.places[screen] = place
    return open(screen, &state)
  }
}
