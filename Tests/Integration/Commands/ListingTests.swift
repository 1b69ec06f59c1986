import Foundation
import MeshModel
import MeshOperations
import Testing

extension CommandTests {
  /// What lists say, in every form of output.
  @Suite(.timeLimit(.minutes(2))) struct ListingTests {
    static let kinds = [
      ("services", "ServiceList"), ("workloads", "WorkloadList"), ("edges", "EdgeList"), ("routes", "RouteList"),
      ("splits", "SplitList"),
      ("mtls", "MTLSList"), ("proxies", "ProxyList"), ("gateways", "GatewayList"), ("identities", "IdentityList"),
    ]

    @Test(arguments: kinds) func aListIsTheContractInEveryForm(command: String, kind: String) async throws {
      let run = try await DemoServer.reading.tool(measured: true)("get", command, "-A", "-o", "json")
      #expect(run.code == 0, "\(run.errors)")
      let json = try run.json
      #expect(json["apiVersion"] == "meshdeck/v1")
      #expect(json["kind"]?.string == kind)
      #expect(json["items"]?.array?.isEmpty == false)
      #expect(json["planes"]?[0]?["name"] == "demo")
      try Shape.check(json, kind)

      // The other forms are of the same rows; only edges come from measurements alone.
      let tool = try await DemoServer.reading.tool(measured: command == "edges")
      let yaml = try await tool("get", command, "-A", "-o", "yaml")
      #expect(yaml.code == 0)
      #expect(
        yaml.output.hasPrefix("apiVersion: \"meshdeck/v1\"\nkind: \(kind)\n")
          || yaml.output.hasPrefix("apiVersion: meshdeck/v1\nkind: \(kind)\n"))
      let names = try await tool("get", command, "-A", "-o", "name")
      #expect(names.output.split(separator: "\n").allSatisfy { $0.hasPrefix("demo/") && !$0.contains(" ") })
      #expect(names.output.isEmpty == false)
      let (table, wide) = (try await tool("get", command, "-A"), try await tool("get", command, "-A", "-o", "wide"))
      #expect(table.code == 0 && wide.code == 0)
      #expect(table.output.split(separator: "\n").count > 1)
      #expect(!table.output.contains("\u{1b}"), "no colour into a pipe")
      #expect(wide.output.count >= table.output.split(separator: "\n").first?.count ?? 0)
    }

    @Test func theOtherDocumentsAreTheContractToo() async throws {
      let tool = try await DemoServer.reading.tool(measured: true)
      for (name, code, arguments) in [
        ("MTLSMatrix", 0, ["mtls", "matrix", "-A"]), ("FindingList", 1, ["analyze", "-A"]),
        ("Graph", 0, ["graph", "-A"]),
        ("PlaneList", 0, ["planes", "list"]), ("CheckList", 0, ["planes", "check"]), ("Version", 0, ["version"]),
        ("Plan", 0, ["canary", "set", "reviews", "v1=60", "v2=40", "--dry-run", "server"]),
      ] as [(String, Int32, [String])] {
        let run = try await tool.run([Program.meshdeck] + arguments + ["-o", "json"])
        #expect(run.code == code, "\(name): \(run.errors)")
        let json = try run.json
        #expect(json["kind"]?.string == name)
        try Shape.check(json, name)
      }
    }

    @Test func nativeObjectsAreAsTheServerHasThem() async throws {
      let tool = try await DemoServer.reading.tool()
      let json = try await tool("get", "objects", "virtualservice", "-n", "shop", "-o", "json").json
      #expect(
        json["items"]?.array?.compactMap { $0["metadata"]?["name"]?.string }.sorted() == [
          "cart", "reviews", "storefront",
        ])
      #expect(json["items"]?[0]?["apiVersion"] == "networking.istio.io/v1")
      #expect(try await tool("get", "objects", "teapot").code == 2)
    }

    @Test func aNativeObjectIsDescribedByTheNameItIsListedUnder() async throws {
      let tool = try await DemoServer.reading.tool()
      let listed = try await tool("get", "objects", "virtualservices", "-n", "payments", "-o", "name").output
      #expect(listed == "demo/payments/virtualservice/ledger\n")
      #expect(try await tool("describe", listed.trimmingCharacters(in: .newlines)).code == 0)
    }

    @Test(arguments: [
      "describe workload/payments/ledger-v2", "describe proxy/mainframe-1 -n payments",
      "route set cart --rule 0 --abort 503 --abort-percent 10 --dry-run",
      "route set reviews --rule primary --request-timeout 3s --retries 2 --dry-run",
      "mtls set workload/ledger-v1 PERMISSIVE -n payments --dry-run",
    ]) func theHelpsExamplesWorkOnTheDemo(line: String) async throws {
      let run = try await DemoServer.reading.tool().run(
        [Program.meshdeck] + line.split(separator: " ").map(String.init))
      #expect(run.code == 0, "\(run.errors)")
    }

    @Test func optionsStandBeforeTheCommandToo() async throws {
      let tool = try await DemoServer.reading.tool()
      let (before, after) = (
        try await tool("-n", "payments", "-o", "name", "get", "routes"),
        try await tool("get", "routes", "-n", "payments", "-o", "name")
      )
      #expect(before.output == "demo/payments/virtualservice/ledger\n")
      #expect(before.output == after.output)
      #expect(try await tool("--namespace=payments", "-o=name", "get", "routes").output == after.output)
    }

    @Test func oneThingIsDescribedWithItsThreeTruths() async throws {
      let tool = try await DemoServer.reading.tool(measured: true)
      let route = try await tool("describe", "route/reviews")
      #expect(route.code == 0, "\(route.errors)")
      for words in ["primary", "weight 80", "DESIRED", "PROGRAMMED", "OBSERVED", "UNREACHABLE"]
      where words != "UNREACHABLE" {
        #expect(route.output.contains(words), "\(words)")
      }
      for thing in [
        "service/ledger", "workload/ledger-v1", "virtualservice/reviews", "destinationrule/cart", "payments/default",
      ] {
        let run = try await tool("describe", thing)
        #expect(run.code == 0, "\(thing): \(run.errors)")
      }
      let silent = try await tool("describe", "service/prometheus", "-n", "legacy")
      #expect(silent.output.contains("no numbers: no proxy ever reported"), "\(silent.output)\(silent.errors)")
      for (thing, kind) in [
        ("virtualservice/reviews", "VirtualService"), ("route/reviews", "VirtualService"),
        ("service/ledger", "Service"),
        ("workload/ledger-v1", nil),
      ] {
        let run = try await tool("describe", thing, "-o", "json")
        #expect(run.code == 0, "\(thing): \(run.errors)")
        var json = try run.json
        #expect(json["kind"] == "Description")
        if let kind { #expect(json["object"]?["kind"]?.string == kind, "\(thing)") }
        #expect((json["splits"]?.array?.isEmpty == false) == true, "\(thing)")
        // What the object holds is its control plane's, not the contract's.
        json["object"] = nil
        try Shape.check(json, "Description")
      }
      let missing = try await tool("describe", "route/reviewz")
      #expect(missing.code == 2)
      #expect(missing.errors.contains("there is no route reviewz"))
    }

    @Test func identitiesAreThoseTheProxiesProve() async throws {
      let tool = try await DemoServer.reading.tool()
      let json = try await tool("get", "identities", "-n", "payments", "-o", "json").json
      let items = try #require(json["items"]?.array)
      #expect(!items.isEmpty)
      for item in items {
        #expect(item["identity"]?.string?.hasPrefix("spiffe://") == true)
        #expect(item["issuer"]?["unknown"]?.string?.isEmpty == false)
        #expect(item["trouble"]?.isNull == true)
        guard item["workload"]?.string?.hasSuffix("/mainframe") == false else {
          // A machine's proxy is not reached through the API server: that is said, and nothing is made up.
          #expect(item["proven"]?.isNull == true)
          #expect(item["certificates"]?["unknown"]?.string?.contains("VM") == true)
          continue
        }
        #expect(item["proven"] == item["identity"], "\(item)")
        #expect(item["certificates"]?["roots"]?[0]?["serial"]?.string?.isEmpty == false)
      }
      let table = try await tool("get", "identities", "-n", "shop")
      #expect(table.output.contains("spiffe://") && table.output.contains("ok"))
      #expect(!table.errors.contains("unknown"), "\(table.errors)")
      let one = try await tool("get", "identities", "ledger-v1", "-n", "payments", "-o", "wide")
      #expect(one.output.split(separator: "\n").count == 2, "\(one.output)")
    }

    @Test func aProxyIsDescribedByWhatItRunsAndProves() async throws {
      let tool = try await DemoServer.reading.tool()
      let proxies = try await tool("get", "proxies", "-n", "shop", "-o", "json").json["items"]?.array ?? []
      let proxy = try #require(proxies.first { $0["workload"]?.string?.hasSuffix("storefront-v1") == true })
      let name = try #require(proxy["id"]?.string?.split(separator: "/").last.map(String.init))
      #expect(proxy["certificates"]?["own"]?[0]?["names"]?[0]?.string?.hasPrefix("spiffe://") == true)
      let run = try await tool("describe", "proxy/" + name)
      #expect(run.code == 0, "\(run.errors)")
      for words in [
        "CONTROL PLANE", "CDS", "WEIGHTED ROUTES", "reviews", "RUNS", "CERTIFICATES", "spiffe://", "believes",
      ] {
        #expect(run.output.contains(words), "\(words) in \(run.output)")
      }
      #expect(!run.output.contains("differs"))
      let missing = try await tool("describe", "proxy/nosuch")
      #expect(missing.code == 2 && missing.errors.contains("there is no proxy nosuch"), "\(missing.errors)")
    }

    @Test func findingsAreMadeOfFilesAlone() async throws {
      let tool = try Tool(kubeconfig: nil)
      let path = try tool.file(
        "vs.yaml",
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: a, namespace: shop}
        spec: {hosts: [a], http: [{route: [{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}]}]}
        """)
      let run = try await tool("analyze", "-f", path, "-o", "json")
      #expect(run.code == 1, "\(run.errors)")
      #expect(try run.json["items"]?.array?.isEmpty == false)
      // Several by a shell's pattern, or their folder: what one refers to another may hold.
      let other = try tool.file(
        "more/vs.yaml", try String(contentsOfFile: path, encoding: .utf8).replacing("name: a", with: "name: c"))
      for files in [[path, other], [path, tool.home + "/more"]] {
        let run = try await tool.run([Program.meshdeck, "analyze", "-f"] + files + ["-o", "json"])
        #expect(run.code == 1, "\(run.errors)")
        let objects = Set(try run.json["items"]?.array?.compactMap { $0["id"]?.string } ?? [])
        #expect(objects.count == 2, "\(objects)")
      }
      let empty = try await tool("analyze", "-f", tool.home + "/config")
      #expect(empty.code == 2)
    }

    @Test func whatIsIgnoredIsLeftOutAndCounted() async throws {
      let tool = try Tool(kubeconfig: nil)
      let path = try tool.file(
        "one.yaml",
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: a, namespace: shop}
        spec: {hosts: [a], http: [{route: [{destination: {host: a}, weight: 40}]}]}
        """)
      let before = try await tool("analyze", "-f", path, "-o", "json")
      let found = try #require(try before.json["items"]?.array)
      #expect(!found.isEmpty)
      #expect(try before.json["ignored"]?.int == 0)
      for item in found {
        let object = try #require(item["id"]?.string.flatMap { ObjectRef($0) })
        let pointer = try #require(item["pointer"]?.string.flatMap { JSONPointer($0) })
        let finding = Finding(
          code: item["code"]?.string ?? "", severity: .info, object: object, pointer: pointer, message: "", remedy: "")
        try IgnoreFile(directory: StateDirectory(path: tool.environment["XDG_STATE_HOME", default: ""] + "/meshdeck"))
          .set(
            IgnoredFinding(finding, author: "maria", at: Instant(seconds: 1000), reason: "moves on Monday"), on: finding
          )
      }
      let after = try await tool("analyze", "-f", path, "-o", "json")
      #expect(after.code == 0, "\(after.errors)")
      #expect(try after.json["items"]?.array == [])
      #expect(try after.json["ignored"]?.int == found.count)
      let told = try await tool("analyze", "-f", path)
      #expect(told.errors.contains("\(found.count) ignored"))
      let all = try await tool("analyze", "-f", path, "--all", "-o", "json")
      #expect(all.code == 0, "\(all.errors)")
      let reasons = try all.json["items"]?.array?.map { $0["ignored"]?["reason"]?.string }
      #expect(reasons == found.map { _ in "moves on Monday" })
    }
  }
}
