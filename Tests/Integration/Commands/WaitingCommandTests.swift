import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// Edits that wait: for proxies, and for a confirmation.
  @Suite(.serialized, .timeLimit(.minutes(3))) struct WaitingCommandTests {
    static let weights = ["canary", "set", "cart", "-n", "shop", "-y"]

    static func shares(_ tool: Tool) async throws -> [Int] {
      let run = try await tool("get", "splits", "cart", "-n", "shop", "-o", "json")
      let backends = try run.json["items"]?[0]?["backends"]?.array ?? []
      return backends.compactMap { $0["desired"]?["weight"]?.int }
    }

    @Test func theProxiesConcernedAreWaitedForAndALateOneIsNamed() async throws {
      let tool = try await DemoServer.writing.tool()
      let before = try await Self.shares(tool)
      // One of the shop's proxies takes half a minute.
      let run = try await tool.run(
        [Program.meshdeck] + Self.weights + ["v1=90", "v2=10", "--wait", "--timeout", "10s", "-o", "json"])
      #expect(run.code == 6, "\(run.errors)")
      let count = try #require(try run.json["acknowledgement"])
      let (all, done) = (count["proxies"]?.int ?? 0, count["acknowledged"]?.int ?? 0)
      #expect(all > 10 && done == all - 1, "\(done) of \(all)")
      #expect(count["late"]?[0]?.string?.contains("shop/pod/cart-v1") == true)
      #expect(run.errors.contains("applied, but \(done)/\(all) proxies acknowledged within 10s; late: shop/cart-v1"))
      let undo = try await tool("undo", "-y", "--wait", "--timeout", "5s", "-o", "json")
      #expect(undo.code == 6, "\(undo.errors)")
      #expect(try undo.json["acknowledgement"]?["late"]?[0]?.string?.contains("shop/pod/cart-v1") == true)
      #expect(undo.errors.contains("proxies acknowledged within 5s; late: shop/cart-v1"), "\(undo.errors)")
      #expect(try await Self.shares(tool) == before)
    }

    @Test func aPlanThatNobodyConfirmsIsTakenBack() async throws {
      let tool = try await DemoServer.writing.tool()
      let before = try await Self.shares(tool)
      let run = try await tool.run(
        [Program.meshdeck] + Self.weights + ["v1=80", "v2=20", "--confirm", "1s"])
      #expect(run.code == 7, "\(run.errors)")
      #expect(run.errors.contains("was not confirmed in time: taken back"))
      #expect(run.errors.contains("shop/virtualservice/cart: as it was before"))
      #expect(try await Self.shares(tool) == before)
      let late = try await tool("confirm")
      #expect(late.code == 2, "\(late.errors)")
      let history = try await tool("history", "-o", "json").json["items"]?.array ?? []
      #expect(history.compactMap { $0["result"]?.string } == ["applied", "undone"])
    }

    @Test func aConfirmationFromAnotherProcessLetsItStand() async throws {
      let tool = try await DemoServer.writing.tool()
      let run = try await tool.shell(
        """
        $deck \(Self.weights.joined(separator: " ")) v1=70 v2=30 --confirm 40s 2>notes >result & waiting=$!
        confirm() { $deck confirm -n legacy 2>/dev/null && exit 8; $deck confirm -n shop -o json 2>/dev/null; }
        until confirm; do kill -0 $waiting || exit 9; done
        wait $waiting; echo "ended $?"
        """.replacing("notes", with: tool.home + "/notes").replacing("result", with: tool.home + "/result"))
      #expect(run.output.contains(#""kind": "Receipt""#), "\(run.output) \(run.errors)")
      #expect(run.output.contains("ended 0"), "\(run.output)")
      #expect(try await Self.shares(tool) == [70, 30])
      #expect(try await tool("undo", "-y").code == 0)
    }

    @Test(arguments: ["INT", "TERM", "HUP"]) func whoeverStopsTheWaitTakesThePlanBack(signal: String) async throws {
      let tool = try await DemoServer.writing.tool()
      let before = try await Self.shares(tool)
      let notes = tool.home + "/notes"
      let run = try await tool.shell(
        """
        $deck \(Self.weights.joined(separator: " ")) v1=60 v2=40 --confirm 40s 2>\(notes) >/dev/null & waiting=$!
        until grep -q 'unless confirmed' \(notes); do kill -0 $waiting || exit 9; done
        kill -\(signal) $waiting; wait $waiting; echo "ended $?"; cat \(notes)
        """)
      #expect(run.output.contains("ended 130"), "\(run.output) \(run.errors)")
      #expect(run.output.contains("was not confirmed, interrupted: taken back"))
      #expect(try await Self.shares(tool) == before)
    }

    @Test func aFileOfSeveralIsConfirmedOrTakenBackAsAWhole() async throws {
      let tool = try await DemoServer.writing.tool()
      let before = try await Self.shares(tool)
      let path = try tool.file(
        "intents.yaml",
        """
        {set: weights, route: demo/shop/virtualservice/cart, weights: {v1: 50, v2: 50}}
        ---
        {set: weights, route: demo/shop/virtualservice/reviews, rule: primary, weights: {v1: 50, v2: 50}}
        """)
      let run = try await tool("apply", "-f", path, "-y", "--confirm", "1s")
      #expect(run.code == 7, "\(run.errors)")
      for name in ["cart", "reviews"] {
        #expect(run.errors.contains("shop/virtualservice/\(name): as it was before"), "\(run.errors)")
      }
      #expect(try await Self.shares(tool) == before)
      #expect(try await tool("history", "-o", "json").json["items"]?.array?.count == 2)
    }
  }
}
