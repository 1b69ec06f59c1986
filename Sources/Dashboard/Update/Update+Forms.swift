import MeshKit
import TerminalUI

extension Update {
  /// Opens the form of the chosen rule.
  func editRule(_ state: inout DashboardState) {
    guard case .rule(let row)? = state.chosenRow else { return }
    let values = RuleValues(row.rule)
    state.overlay = .form(
      FormSheet(
        purpose: .rule(row.route.ref, index: row.index, before: values),
        title: "\(Cells.name(row.route.ref)) rule \(row.rule.name.isEmpty ? String(row.index) : row.rule.name)",
        form: values.form))
  }

  /// Opens the form of an mTLS mode, filled in from the chosen row.
  func openModeForm(isCheck: Bool, _ state: inout DashboardState) {
    let server: ObjectRef?
    let port: Int?
    switch state.chosenRow {
    case .pair(let pair)?:
      // Modes hold for the port the instances listen on, not for the one callers call.
      let ports = state.view?.snapshot.services[pair.service]?.ports ?? []
      (server, port) = (pair.server, ports.first { $0.port == pair.port }?.targetPort)
    case .accepted(let row)?: (server, port) = (row.workload, row.port)
    default: (server, port) = (nil, nil)
    }
    guard let plane = server?.plane ?? state.view?.planes.first?.plane.name else {
      state.toast = Toast("no plane is known yet", .warn)
      return
    }
    state.overlay = .form(
      FormSheet(
        purpose: .mtls(plane, isCheck: isCheck),
        title: isCheck ? "What would break on \(plane) under another mode" : "Set the mTLS mode on \(plane)",
        form: Form([
          .choice("scope", "scope", MTLSScope.allCases.map(\.rawValue), selected: server == nil ? 0 : 2),
          .text("namespace", "namespace", server?.namespace ?? ""), .text("workload", "workload", server?.name ?? ""),
          .text("port", "container port", port.map(String.init) ?? ""),
          .choice("mode", "mode", MTLSMode.allCases.map(\.rawValue), selected: 3),
        ])))
  }

  /// An event for a form.
  func form(_ event: InputEvent, _ sheet: FormSheet, _ state: inout DashboardState) -> [Effect<Message>] {
    var sheet = sheet
    switch sheet.form.handle(event) {
    case .ignored: return []
    case .changed: sheet.problem = nil
    case .cancelled:
      state.overlay = nil
      return []
    case .submitted:
      do throws(FilterError) {
        guard let purpose = try purpose(of: sheet, state) else {
          state.overlay = nil
          state.toast = Toast("nothing was changed", .info)
          return []
        }
        state.overlay = nil
        return openPlan(purpose, &state)
      } catch {
        sheet.problem = "\(error.description)"
      }
    }
    state.overlay = .form(sheet)
    return []
  }

  private func purpose(of sheet: FormSheet, _ state: DashboardState) throws(FilterError) -> PlanSheet.Purpose? {
    switch sheet.purpose {
    case .rule(let route, let index, let before):
      let rules = state.view?.snapshot.routes[route]?.rules ?? []
      let rule = rules.indices.contains(index) ? rules[index] : nil
      return try RuleValues(sheet.form).intent(route, index: index, before: before, rule: rule).map {
        .apply(.rule($0))
      }
    case .mtls(let plane, let isCheck):
      func text(_ id: String) -> String { (sheet.form[id]?.content ?? "").trimmed }
      guard let scope = MTLSScope(rawValue: text("scope")), let mode = MTLSMode(rawValue: text("mode")) else {
        return nil
      }
      var intent = MTLSIntent(plane: plane, scope: scope, mode: mode)
      if scope != .mesh {
        guard !text("namespace").isEmpty else { throw FilterError(description: "a namespace is needed for this scope") }
        intent.namespace = text("namespace")
      }
      if scope == .workload || scope == .port {
        guard !text("workload").isEmpty else { throw FilterError(description: "a workload is needed for this scope") }
        intent.workload = text("workload")
      }
      if scope == .port {
        guard let port = Int(text("port")), (1...65535).contains(port) else {
          throw FilterError(description: "a container port from 1 to 65535 is needed for this scope")
        }
        intent.port = port
      }
      return isCheck ? .check(.mtls(intent)) : .apply(.mtls(intent))
    }
  }
}
