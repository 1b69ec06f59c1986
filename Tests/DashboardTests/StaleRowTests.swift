import MeshKit
import TerminalUI
import Testing

@testable import Dashboard
@testable import meshdeck

/// What is known of a cluster that is down stays in every list, and each row of it says so.
@Suite struct StaleRowTests {
  @Test func rowsOfALostClusterAreMarked() async throws {
    let runner = try await Desk.shop(.services, view: TwoClusters.view(lost: 240))
    let lines = await runner.text().split(separator: "\n").map(String.init)
    func line(_ words: String...) throws -> String {
      try #require(lines.first { line in words.allSatisfy { line.contains($0) } })
    }
    #expect(try line("payments/ledger", "west").hasPrefix("~"))
    #expect(try !line("shop/storefront", "east").hasPrefix("~"))
    await runner.press(.down, .down)
    try await runner.idle()
    #expect(await runner.text().contains("stale: west was last read 4m ago"), "the chosen row says it in words")
    await runner.stop()
  }

  @Test func nothingIsMarkedWhileBothClustersAnswer() async throws {
    let runner = try await Desk.shop(.services, view: TwoClusters.view())
    let text = await runner.text()
    #expect(!text.contains("\n~"))
    await runner.stop()
  }

  @Test func aKindThatIsNoLongerReadMakesItsRowsStaleAlone() {
    var view = TwoClusters.view()
    let since = Instant(seconds: ShopMesh.now.seconds - 90)
    view.snapshot.feeds[MeshSnapshot.FeedKey(plane: "west", kind: "service")] = .stale("connection reset", since)
    #expect(view.staleSince("west") == nil)
    func ref(_ plane: PlaneName, _ kind: ObjectKind) -> ObjectRef {
      ObjectRef(plane: plane, namespace: "payments", kind: kind, name: "ledger")
    }
    #expect(view.staleFor(ref("west", "service")) == "1m")
    #expect(view.staleFor(ref("west", "workload")) == nil)
    #expect(view.staleFor(ref("east", "service")) == nil)
  }

  @Test func aTableSaysWhichRowsAreStaleInAColumnOfItsOwn() {
    var table = TextTable(Console(noColor: true), ["NAME", ">RPS"])
    table.row(["storefront", "12"])
    #expect(!table.lines[0].contains("STALE"), "where none is, there is no such column")
    table.row(["ledger", "3"], staleFor: "4m")
    #expect(
      table.lines.map { $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ") }
        == ["NAME RPS STALE FOR", "storefront 12", "ledger 3 4m"])
  }

  @Test func identifiersAreCutAfterEverythingElseAndKeepTheirEnds() {
    var table = TextTable(Console(noColor: true), ["!ID", "WHAT", "WHY"])
    table.row(["ptp7lve7ped-undo", "reviews: v1 → 80, v2 → 20", ""])
    let wide = table.fitted(to: 36)
    #expect(wide == ["ID                WHAT", "ptp7lve7ped-undo  reviews: v1 → 80,…"])
    #expect(table.fitted(to: 26)[1] == "ptp7lve7ped-undo  reviews…")
    #expect(table.fitted(to: 20)[1] == "ptp7lv…-undo  revie…")
    #expect(table.fitted(to: nil)[1].contains("v2 → 20"), "in a pipe nothing is cut")
  }

  @Test(arguments: [
    (["east", "west"], 12, "east=west"), (["prod-eu-west-1", "prod-us-east-1"], 12, "2 planes"),
    (["prod-eu-west-1", "prod-us-east-1"], 24, "2 planes"), (["a", "b", "c"], 12, "a=b=c"),
    (["prod-eu-west-1-blue"], 12, "prod-eu-west-1-blue"),
  ])
  func planesAreToldWholeOrCounted(names: [String], room: Int, text: String) {
    #expect(Cells.planes(names, room: room) == text)
  }
}
