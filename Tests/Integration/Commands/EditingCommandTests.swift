import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// Edits from the command line and their taking back, on a server that other tests do not read.
  @Suite(.serialized, .timeLimit(.minutes(3))) struct EditingCommandTests {
    /// A route of ours with fields nobody has heard of and odd spellings of numbers, put there by a plain PUT or POST.
    static func plant(_ name: String) async throws -> Tool {
      let tool = try await DemoServer.writing.tool()
      let object = """
        {"apiVersion":"networking.istio.io/v1","kind":"VirtualService",
         "metadata":{"name":"\(name)","namespace":"shop","annotations":{"z/y":"~","a":"\\u001b[2Jé"}},
         "spec":{"hosts":["\(name).example"],"http":[
           {"name":"one","match":[{"uri":{"prefix":"/api"}}],"route":[{"destination":{"host":"cart","subset":"v1"}}]},
           {"name":"two","route":[{"weight":8.0e1,"destination":{"subset":"v1","host":"reviews"}},
            {"destination":{"host":"reviews","subset":"v2"},"weight":2.00e1}],"timeout":"1500ms"}]}}
        """
      let url =
        "\(try await DemoServer.writing.endpoints().kubernetes)/apis/networking.istio.io/v1/namespaces/shop/virtualservices"
      let path = try tool.file("object.json", object)
      _ = try await tool.shell(
        "curl -s -X DELETE \(url)/\(name) >&2; curl -sf -X POST -H 'Content-Type: application/json' --data-binary @\(path) '\(url)?fieldValidation=Ignore'"
      )
      return tool
    }

    /// The spec of a route, in the bytes the server keeps.
    static func spec(_ name: String) async throws -> String {
      let url =
        "\(try await DemoServer.writing.endpoints().kubernetes)/apis/networking.istio.io/v1/namespaces/shop/virtualservices/\(name)"
      let run = try await Tool(kubeconfig: nil).run(["curl", "-s", url])
      let json = try JSONValue(parsing: run.output)
      return JSONWriter.text(json["spec"] ?? .null) + JSONWriter.text(json["metadata"]?["annotations"] ?? .null)
    }

    @Test func aWatchWritesAgainWhenSomethingChangesAndOnlyThen() async throws {
      let tool = try await Self.plant("watched")
      let url =
        "\(try await DemoServer.writing.endpoints().kubernetes)/apis/networking.istio.io/v1/namespaces/shop/virtualservices"
      let run = try await tool.shell(
        """
        "$deck" get routes watched -n shop --watch > seen 2> said & pid=$!
        pages() { grep -c '^NAMESPACE' seen; }
        until_pages() { for i in $(seq 150); do [ "$(pages)" = $1 ] && return; sleep 0.1; done; }
        until_pages 1; sleep 3; pages
        "$deck" canary set watched v1=60 v2=40 -n shop -y > /dev/null
        until_pages 2; pages; tail -n 1 seen | grep -c 'v1=60 v2=40'
        curl -s -X DELETE \(url)/watched > /dev/null
        until_pages 3; pages; tail -n 1 seen | grep -c watched
        kill $pid && echo alive; cat said >&2
        """)
      #expect(run.output.split(separator: "\n") == ["1", "2", "1", "3", "0", "alive"], "\(run.output)\(run.errors)")
    }

    static let settings: [(String, [String], String)] = [
      ("timeout", ["--request-timeout", "3s"], "timeout\":\"3s"), ("no timeout", ["--request-timeout", "none"], ""),
      ("retries", ["--retries", "2", "--per-try-timeout", "500ms", "--retry-on", "5xx,reset"], "attempts\":2"),
      ("delay", ["--delay", "2s", "--delay-percent", "0.5"], "fixedDelay\":\"2s"),
      ("abort", ["--abort", "503", "--abort-percent", "10"], "httpStatus\":503"),
      ("mirror", ["--mirror", "reviews:v3", "--mirror-percent", "5"], "mirror\""),
      (
        "headers", ["--set-header", "x-canary=true", "--add-header", "x-a=b", "--remove-response-header", "server"],
        "x-canary\":\"true"
      ),
    ]

    @Test func everySettingOfARuleIsSetAndTakenBackExactly() async throws {
      let tool = try await Self.plant("odd")
      let before = try await Self.spec("odd")
      #expect(before.contains("8.0e1"), "the number's spelling is kept: \(before)")
      for (name, options, expected) in Self.settings {
        let set = try await tool.run(
          [Program.meshdeck, "route", "set", "odd", "--rule", "two", "-y", "--reason", name] + options)
        #expect(set.code == 0, "\(name): \(set.errors)")
        let after = try await Self.spec("odd")
        #expect(after != before, "\(name) changed nothing")
        #expect(expected.isEmpty ? !after.contains("1500ms") : after.contains(expected), "\(name): \(after)")
        #expect(after.contains("8.0e1") && after.contains("2.00e1"))
        let undo = try await tool("undo", "-y")
        #expect(undo.code == 0, "\(name): \(undo.errors)")
        #expect(try await Self.spec("odd") == before, "\(name) was not taken back exactly")
      }
      let history = try await tool("history", "-o", "json")
      try Shape.check(history.json, "ReceiptList")
      #expect(try history.json["items"]?.array?.count == 2 * Self.settings.count)
      #expect(
        try history.json["items"]?.array?.filter { $0["result"] == "undone" }.compactMap { $0["reason"]?.string }
          .sorted()
          == Self.settings.map(\.0).sorted())
    }

    @Test func aSettingLeavesTheOthersAsTheyAre() async throws {
      let tool = try await Self.plant("whole")
      let set = [Program.meshdeck, "route", "set", "whole", "--rule", "two", "-y"]
      let all = try await tool.run(set + Self.settings.dropFirst(2).flatMap(\.1))
      #expect(all.code == 0, "\(all.errors)")
      let some = try await tool.run(set + ["--retry-on", "reset", "--abort", "500", "--set-header", "x-b=c"])
      #expect(some.code == 0, "\(some.errors)")
      let after = try await Self.spec("whole")
      for words in [
        "retryOn\":\"reset", "attempts\":2", "perTryTimeout\":\"0.5s", "httpStatus\":500", "fixedDelay\":\"2s",
        "x-b\":\"c", "x-canary\":\"true", "x-a\":\"b", "\"server\"", "1500ms", "\"v3\"",
      ] {
        #expect(after.contains(words), "\(words): \(after)")
      }
    }

    @Test func weightsAreShiftedAndTakenBackExactly() async throws {
      let tool = try await Self.plant("weights")
      let before = try await Self.spec("weights")
      let set = try await tool("canary", "set", "weights", "v2=35", "v1=65", "-y", "-o", "json")
      #expect(set.code == 0, "\(set.errors)")
      try Shape.check(set.json, "Receipt")
      let id = try #require(try set.json["id"]?.string)
      #expect(try await Self.spec("weights").contains("65"))
      #expect(try await tool("canary", "set", "weights", "v2=35", "v1=65", "-y").errors.contains("nothing to do"))
      for (place, count) in [
        (["-n", "shop"], 1), (["-n", "legacy"], 0), (["-A"], 1), (["-p", "de*"], 1), (["-p", "other"], 0),
      ] {
        let history = try await tool.run([Program.meshdeck, "history", "-o", "name"] + place)
        #expect(history.output == String(repeating: "\(id)\n", count: count), "\(place): \(history.errors)")
      }
      #expect(try await tool("undo", "-n", "legacy", "-y").errors.contains("nothing to take back"))
      #expect(try await tool("undo", id, "-y", "-o", "name").output == "\(id)-undo\n")
      #expect(try await Self.spec("weights") == before)
      #expect(try await tool("undo", id, "-y").code == 3, "what is taken back cannot be taken back again")
      // Taking back the taking back does it again.
      #expect(try await tool("undo", "\(id)-undo", "-y").code == 0)
      #expect(try await Self.spec("weights").contains("65"))
    }

    @Test func takingBackWhatIsBackAlreadySaysThatNothingWasWritten() async throws {
      let tool = try await Self.plant("back")
      let set = try await tool("canary", "set", "back", "v1=65", "v2=35", "-y", "-o", "name")
      #expect(try await tool("canary", "set", "back", "v1=80", "v2=20", "-y").code == 0)
      let run = try await tool("undo", set.output.trimmingCharacters(in: .whitespacesAndNewlines), "-y")
      #expect(run.code == 0 && run.output.contains("nothing to write"), "\(run.output)\(run.errors)")
      #expect(!run.output.contains("take it back with"))
    }

    @Test func aDryRunChangesNothing() async throws {
      let tool = try await Self.plant("dry")
      let before = try await Self.spec("dry")
      for place in ["client", "server"] {
        let run = try await tool("canary", "set", "dry", "v2=35", "v1=65", "--dry-run", place)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.contains("+"))
      }
      #expect(
        try await tool(
          "route", "set", "dry", "--rule", "one", "--request-timeout", "1s", "--dry-run=server", "-o", "json"
        ).json[
          "verdicts"]?[0]?["accepted"] == true)
      #expect(try await Self.spec("dry") == before)
      #expect(try await tool("history", "-o", "name").output == "")
    }

    @Test func aPlanIsAFileThatIsAppliedUnlessItIsStale() async throws {
      let tool = try await Self.plant("plans")
      let intent = try tool.file(
        "intent.yaml", "set: weights\nroute: demo/shop/virtualservice/plans\nweights: {v1: 70, v2: 30}\n")
      let plan = try await tool("plan", "-f", intent, "-o", "json")
      #expect(plan.code == 0, "\(plan.errors)")
      let applied = try await tool("apply", "-f", "-", "-y", "-o", "json", input: plan.output)
      #expect(applied.code == 0, "\(applied.errors)")
      #expect(try applied.json["id"] == plan.json["id"])
      #expect(try await Self.spec("plans").contains("70"))
      let stale = try await tool("apply", "-f", "-", "-y", input: plan.output)
      #expect(stale.code == 4, "\(stale.errors)")
      let difference = try await tool("diff", "-f", "-", input: plan.output)
      #expect(difference.code == 4 && difference.output.isEmpty, "\(difference.output)\(difference.errors)")
      // Also as YAML, and what was applied can still be taken back.
      #expect(try await tool("undo", "-y").code == 0)
      let yaml = try await tool("plan", "-f", intent, "-o", "yaml")
      #expect(try await tool("apply", "-f", "-", "-y", input: yaml.output).code == 0)
      #expect(try await Self.spec("plans").contains("70"))
    }

    @Test func aDifferenceIsToldByTheExitCode() async throws {
      let tool = try await Self.plant("diffs")
      let native = try await tool("describe", "virtualservice/diffs", "-o", "yaml")
      #expect(native.code == 0)
      let same = try await tool("diff", "-f", "-", input: native.output)
      #expect(same.code == 0, "\(same.output)\(same.errors)")
      let changed = try await tool("diff", "-f", "-", input: native.output.replacing("1500ms", with: "9s"))
      #expect(changed.code == 1)
      #expect(changed.output.contains("-       timeout: \"1500ms\"") || changed.output.contains("1500ms"))
      #expect(changed.output.contains("9s"))
      #expect(try await Self.spec("diffs").contains("1500ms"))
      // Applied, it is an edit of one field; made anew from a file it is a create, and both are taken back.
      let edit = try await tool("apply", "-f", "-", "-y", input: native.output.replacing("1500ms", with: "9s"))
      #expect(edit.code == 0, "\(edit.errors)")
      #expect(try await Self.spec("diffs").contains("9s"))
      #expect(try await tool("undo", "-y").code == 0)
      let create = try tool.file(
        "new.yaml",
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: brand-new, namespace: shop}
        spec: {hosts: [brand-new.example], http: [{route: [{destination: {host: cart}}]}]}
        """)
      #expect(try await tool("route", "create", "-f", create, "-y").code == 0)
      #expect(try await tool("route", "create", "-f", create, "-y").code == 3, "it is there already")
      #expect(try await tool("route", "delete", "brand-new", "-y").code == 0)
      #expect(try await tool("route", "show", "brand-new").code == 2)
      #expect(try await tool("undo", "-y").code == 0)
      #expect(try await tool("route", "show", "brand-new").code == 0)
      #expect(try await tool("route", "delete", "brand-new", "-y").code == 0)
    }

    @Test func aRouteIsEditedInTheEditor() async throws {
      let tool = try await Self.plant("edited")
      let run = try await tool("route", "edit", "edited", "-y", more: ["EDITOR": "sed -i s/1500ms/7s/"])
      #expect(run.code == 0, "\(run.errors)")
      #expect(try await Self.spec("edited").contains("7s"))
      let left = try FileManager.default.contentsOfDirectory(atPath: tool.home).filter { $0.hasPrefix("meshdeck-") }
      #expect(left.isEmpty, "what was applied is kept nowhere")
      let refused = try await tool("route", "edit", "edited", "-y", more: ["EDITOR": "sed -i s/weight:/wieght:/"])
      #expect(refused.code == 3, "\(refused.errors)")
      #expect(refused.errors.contains("what you wrote is kept in \(tool.home)/meshdeck-"), "\(refused.errors)")
      #expect(try await tool("route", "edit", "edited", "-y", more: ["EDITOR": "true"]).errors.contains("not changed"))
      let failed = try await tool("route", "edit", "edited", "-y", more: ["EDITOR": "false"])
      #expect(failed.code == 130)
      #expect(failed.errors.contains("kept in"))
      #expect(
        try await tool("route", "edit", "edited", "-y", more: ["EDITOR": "sed -i s/weight:.*/weight:oops/"]).code != 0)
      #expect(try await Self.spec("edited").contains("7s"))
    }

    @Test(
      arguments: [
        ("mesh", "STRICT"), ("namespace/shop", "STRICT"), ("workload/cart-v1", "PERMISSIVE"),
        ("port/cart-v1:8080", "DISABLE"),
        ("namespace/payments", "PERMISSIVE"), ("port/cart-v1:9090", "UNSET"), ("namespace/data", "DISABLE"),
      ])
    func aModeIsSetAtEveryScopeAndTakenBackExactly(scope: String, mode: String) async throws {
      let tool = try await DemoServer.writing.tool()
      let url = "\(try await DemoServer.writing.endpoints().kubernetes)/apis/security.istio.io/v1/peerauthentications"
      func specs() async throws -> [String] {
        let json = try await tool.run(["curl", "-s", url]).json
        return (json["items"]?.array ?? []).map {
          JSONWriter.text($0["metadata"]?["name"] ?? .null) + JSONWriter.text($0["spec"] ?? .null)
        }.sorted()
      }
      let before = try await specs()
      let set = try await tool("mtls", "set", scope, mode, "-y", "--force")
      #expect(set.code == 0, "\(set.errors)")
      #expect(try await specs() != before)
      let undo = try await tool("undo", "-y")
      #expect(undo.code == 0, "\(undo.errors)")
      #expect(try await specs() == before)
    }

    @Test func twoAtOnceLoseNothing() async throws {
      let tool = try await Self.plant("both")
      async let first = tool("route", "set", "both", "--rule", "one", "--request-timeout", "1s", "-y")
      async let second = tool("route", "set", "both", "--rule", "two", "--request-timeout", "2s", "-y")
      let codes = try await [first.code, second.code]
      #expect(codes.allSatisfy { $0 == 0 || $0 == 4 }, "\(codes)")
      let spec = try await Self.spec("both")
      #expect(spec.contains("timeout\":\"1s") == (codes[0] == 0))
      #expect(spec.contains("timeout\":\"2s") == (codes[1] == 0))
      #expect(try await tool("history", "-o", "name").output.split(separator: "\n").count == codes.count { $0 == 0 })
    }

    @Test func undoRefusesWhereSomebodyChangedTheSameThing() async throws {
      let (tool, other) = (try await Self.plant("foreign"), try await DemoServer.writing.tool())
      #expect(try await tool("canary", "set", "foreign", "v1=60", "v2=40", "-y").code == 0)
      #expect(try await other("route", "set", "foreign", "--rule", "two", "--request-timeout", "8s", "-y").code == 0)
      #expect(try await tool("undo", "-y").code == 0, "another field is no hindrance")
      #expect(try await Self.spec("foreign").contains("8s"))
      #expect(try await tool("canary", "set", "foreign", "v1=60", "v2=40", "-y").code == 0)
      #expect(try await other("canary", "set", "foreign", "v1=50", "v2=50", "-y").code == 0)
      let refused = try await tool("undo", "-y")
      #expect(refused.code == 4)
      #expect(refused.errors.contains("somebody changed"))
      #expect(try await Self.spec("foreign").contains("50"))
    }
  }
}
