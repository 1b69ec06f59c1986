import MeshKit
import TerminalUI
import Testing

@testable import Dashboard

/// What can be done with a finding.
@Suite struct FindingTests {
  static func codes(_ state: DashboardState) -> [String] {
    state.rows.compactMap { if case .finding(let finding) = $0 { finding.code } else { nil } }
  }

  @Test func aCallerWithoutANamespaceIsNamedWithoutASlash() throws {
    var view = ShopMesh.view()
    guard case .known(var report, let source, let at)? = view.traffic[ShopMesh.plane] else {
      Issue.record("the shop is measured")
      return
    }
    for place in report.edges.indices where report.edges[place].source.workload == "mainframe-v1" {
      report.edges[place].source = EdgeEnd(namespace: "unknown", workload: "unknown")
    }
    view.traffic[ShopMesh.plane] = .known(report, source: source, at: at)
    let rows = AttentionList.rows(view, splits: [], findings: [], receipts: [])
    let pair = try #require(rows.first { $0.target == .mtls })
    #expect(pair.subject == "payments/ledger-v1")
    #expect(pair.why.hasPrefix("unknown: "), "\(pair.why)")
  }

  @Test func theTabCountsWarningsBesideErrors() async throws {
    let runner = try await Desk.shop(.services, size: Size(width: 160, height: 50))
    #expect(await runner.state.summary?.findings == [.error: 2, .warning: 2])
    #expect(await runner.text().contains("8 Findings ✗2▲2"))
    await runner.stop()
    let narrow = try await Desk.shop(.services)
    #expect(await narrow.text().contains("8 Find✗2 "))
    await narrow.stop()
  }

  @Test func oneThatIsIgnoredLeavesListCountsAndAttentionUntilItIsTakenUpAgain() async throws {
    let runner = try await Desk.shop(.findings)
    #expect(Self.codes(await runner.state) == ["MD3001", "MD3002", "MD1101", "MD1130"])
    await runner.press(.down, .down, .char("i"))
    await runner.type("basket moves on Monday")
    await runner.press(.enter)
    try await runner.wait { $0.ignored != IgnoredFindings() }
    try await runner.idle()
    #expect(Self.codes(await runner.state) == ["MD3001", "MD3002", "MD1130"])
    #expect(await runner.state.summary?.findings == [.error: 1, .warning: 2])

    await runner.press(.char("1"))
    try await runner.idle()
    let states = await runner.state.rows.compactMap { row in
      if case .attention(let row) = row { row.state } else { nil }
    }
    #expect(!states.contains("MD1101") && states.contains("MD1130"))

    await runner.press(.char("8"), .tab)
    try await runner.idle()
    #expect(Self.codes(await runner.state).contains("MD1101"))
    await runner.press(.home, .down, .down)
    let text = await runner.text()
    #expect(text.contains("– ignored") && text.contains("ignored by maria: basket moves on Monday"))
    #expect(CommandLines.lines(await runner.state).first == ["meshdeck", "analyze", "--all-namespaces", "--all"])

    await runner.press(.char("i"))
    try await runner.wait { $0.ignored == IgnoredFindings() }
    try await runner.idle()
    #expect(await runner.state.summary?.findings == [.error: 2, .warning: 2])
    await runner.stop()
  }

  @Test func nothingIsIgnoredWithoutAReason() async throws {
    let runner = try await Desk.shop(.findings)
    await runner.press(.char("i"))
    await runner.type("  ")
    await runner.press(.enter)
    try await runner.idle()
    #expect(await runner.state.toast?.text == "a finding is ignored with a reason only")
    #expect(await runner.state.rows.count == 4)
    await runner.stop()
  }

  @Test func aFixIsOfferedWhereItTakesNoDecision() async throws {
    let runner = try await Desk.shop(.findings)
    #expect(await runner.state.disabledReason("findings.fix") != nil)
    await runner.press(.char("f"))
    #expect(await runner.state.toast?.text == "fix: this takes a decision of yours; w tells what to do")
    await runner.press(.end)
    guard case .finding(let finding)? = await runner.state.chosenRow else {
      Issue.record("no finding is chosen")
      return
    }
    #expect(finding.code == "MD1130")
    #expect(await runner.state.disabledReason("findings.fix") == nil)
    await runner.stop()

    let reading = try await Desk.shop(.findings, isReadOnly: true)
    await reading.press(.end)
    #expect(await reading.state.disabledReason("findings.fix") == "read-only")
    await reading.stop()
  }
}
