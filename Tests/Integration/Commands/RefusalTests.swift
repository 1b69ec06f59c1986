import Foundation
import MeshEmulator
import MeshModel
import Testing

extension CommandTests {
  /// What cannot be done: one clear sentence, the exit code as specified, and nothing written.
  @Suite(.timeLimit(.minutes(2))) struct RefusalTests {
    /// Runs that fail, with their exit code and words of the message.
    static let refusals: [([String], Int32, String)] = [
      (["canary", "set", "reviews", "v1=-5", "-y"], 3, "weight -5 is below 0"),
      (["canary", "set", "reviews", "v1=0", "v2=0", "-y"], 3, "sum to 0"),
      (["canary", "set", "reviews", "v1=4000000000", "v2=4000000000", "-y"], 3, "reviews"),
      (["canary", "set", "reviews", "v9=5", "-y"], 3, "there is no backend v9"),
      (["canary", "set", "reviews", "v1=33.3", "-y"], 3, "whole numbers, and 33.3 is none"),
      (["canary", "set", "reviews", "v1=99999999999999999999", "-y"], 2, "is not a number of at most two decimals"),
      (["canary", "set", "reviews", "v1", "-y"], 2, "BACKEND=WEIGHT"), (["canary", "set", "reviews"], 2, "Missing"),
      (["canary", "set", "reviews", "v1=1", "--rule", "nosuch", "-y"], 3, "nosuch"),
      (["canary", "set", "orders-db", "x=1", "-y"], 3, "no weights to set"),
      (["canary", "set", "nosuch", "v1=1", "-y"], 2, "there is no split nosuch"),
      (["canary", "set", "reviews", "v1=1", "v2=9"], 2, "nobody can be asked"),
      (["route", "set", "reviews", "-y"], 2, "no setting is named"),
      (["route", "set", "reviews", "--request-timeout", "soon", "-y"], 2, "no length of time"),
      (["route", "set", "reviews", "--rule", "primary", "--abort", "999", "-y"], 2, "no HTTP status"),
      (
        ["route", "set", "reviews", "--rule", "primary", "--delay", "1s", "--delay-percent", "101", "-y"], 2,
        "between 0 and 100"
      ),
      (["mtls", "set", "namespace/shop", "MAYBE", "-y"], 2, "there is no mode MAYBE"),
      (["mtls", "set", "everything", "STRICT", "-y"], 2, "is no scope"),
      (["mtls", "set", "namespace/nowhere", "STRICT", "-y"], 2, "there is no namespace nowhere"),
      (["mtls", "set", "namespace/nowhere", "STRICT", "-y"], 2, "see `meshdeck get workloads -A`"),
      (["mtls", "set", "port/cart-v1:0", "STRICT", "-y"], 2, "WORKLOAD:PORT"),
      (["undo", "-y"], 2, "nothing to take back"), (["undo", "--force", "-y"], 2, "Unknown option '--force'"),
      (["undo", "--confirm", "5m", "-y"], 2, "Unknown option '--confirm'"),
      (["mtls", "check", "everything"], 2, "is no scope"),
      (["mtls", "check", "namespace/nowhere"], 2, "there is no namespace nowhere"),
      (["dashboard", "-o", "json"], 2, "has no form json"), (["demo", "-o", "yaml"], 2, "has no form yaml"),
      (["demo", "--serve", "-p", "prod"], 2, "planes of its own"),
      (["analyze", "-f", ".", "-n", "shop"], 2, "files are analysed whole"),
      (["graph", "--as", "dot", "-o", "json"], 2, "exclude each other"),
      (["get", "edges", "nosuch"], 2, "none named nosuch"),
      (["planes", "-p", "nowhere"], 2, "there is no plane nowhere"),
      (["planes", "remove", "x", "-p", "x"], 2, "by its name alone"),
      (
        ["planes", "add", "x", "--prometheus", "http://a", "--scrape", "http://b"], 2,
        "--prometheus and --scrape name two"
      ),
      (["planes", "add", "x", "--node-cluster", "edge"], 2, "planes of kind xds"),
      (["planes", "add", "--all-contexts", "--region", "eu-west-1"], 2, "several contexts take no name"),
      (["undo", "nosuch", "-y"], 2, "no plan nosuch"), (["history", "nosuch"], 2, "no plan nosuch"),
      (["get", "teapots"], 2, "teapots"),
      (["get", "splits", "nosuch"], 2, "none named nosuch"), (["apply", "-f", "/nowhere.yaml"], 2, "there is no file"),
      (["get", "splits", "-p", "nowhere"], 2, "there is no plane nowhere"),
      (["get", "splits", "--config", "/nowhere"], 2, "no configuration file"),
      (["get", "splits", "--context", "nowhere"], 2, "nowhere"), (["--token", "x", "get", "splits"], 2, "--token"),
      (["get", "splits", "--token", "x"], 2, "Credentials are never arguments"),
      (["completion", "tcsh"], 2, "tcsh"), (["describe", "route/nosuch"], 2, "there is no route nosuch"),
      (["get", "objects", "--watch"], 2, "has no --watch"),
      (["get", "objects", "teapot"], 2, "of the mesh there are "), (["get", "objects", "teapot"], 2, "virtualservice"),
    ]

    @Test(arguments: refusals) func isToldInWordsWithItsExitCode(arguments: [String], code: Int32, words: String)
      async throws
    {
      let tool = try await DemoServer.reading.tool()
      let run = try await tool.run([Program.meshdeck] + arguments)
      #expect(run.code == code, "\(run.errors)")
      #expect(run.errors.contains(words), "\(run.errors)")
      // A plan to be asked about is shown; nothing else is.
      #expect(run.output.isEmpty || words == "nobody can be asked", "\(run.output)")
      #expect(!run.errors.contains("Fatal"))
    }

    @Test func callersThatWouldBreakAreNamed() async throws {
      let tool = try await DemoServer.writing.tool(measured: true)
      // The caller calls twice a second: one run in twenty sees no call of it between its two looks at the counters, and
      // then says that a time so short proves nothing.
      var check: Program.Run?
      await Laboratory.wait(60) {
        check = try? await tool("mtls", "check", "namespace/shop", "STRICT")
        return check?.code != 6
      }
      #expect(check?.code == 1, "\(check?.errors ?? "")")
      #expect(check?.output.contains("would break: ") == true)
      var run: Program.Run?
      await Laboratory.wait(60) {
        run = try? await tool("mtls", "set", "namespace/shop", "STRICT", "-y")
        return run?.errors.contains("who would break cannot be told") != true
      }
      #expect(run?.code == 3, "\(run?.errors ?? "")")
      #expect(run?.errors.contains("1 caller would break") == true, "\(run?.errors ?? "")")
    }

    @Test func aCheckWithoutAModeIsOfTheScopeAlone() async throws {
      let tool = try await DemoServer.writing.tool(measured: true)
      let rule = try tool.file(
        "rule.yaml",
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: fraud-plain, namespace: payments}
        spec: {host: fraud.payments.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}
        """)
      let applied = try await tool("apply", "-f", rule, "-y", "--force")
      #expect(applied.code == 0, "\(applied.errors)")
      for (scope, code) in [
        // Of what was watched for a moment only nothing proves that it does not break.
        ("namespace/payments", 1), ("namespace/legacy", 6), ("workload/fraud-v1", 1), ("workload/ledger-v1", 6),
        ("port/fraud-v1:8080", 1), ("port/fraud-v1:9999", 6),
      ] as [(String, Int32)] {
        var run: Program.Run?
        await Laboratory.wait(30) {
          run = try? await tool("mtls", "check", scope, "-o", "name")
          return run?.code == code
        }
        #expect(run?.code == code, "\(scope): \(run?.errors ?? "")")
        #expect(run?.output.contains("/fraud-v1:") == (code == 1), "\(scope): \(run?.output ?? "")")
        #expect(run?.errors.contains("were watched") == (code == 6), "\(scope): \(run?.errors ?? "")")
      }
      #expect(try await tool("undo", "-y").code == 0)
    }

    @Test func whatIsNotMeasuredIsNotProvenAndSoRefused() async throws {
      let tool = try await DemoServer.writing.tool()
      let check = try await tool("mtls", "check", "namespace/data", "STRICT")
      #expect(check.code == 6, "\(check.errors)")
      #expect(check.errors.contains("cannot be told: callers are not known"))
      let now = try await tool("mtls", "check")
      #expect(now.code == 6, "\(now.errors)")
      let run = try await tool("mtls", "set", "namespace/data", "STRICT", "-y")
      #expect(run.code == 3, "\(run.errors)")
      #expect(run.errors.contains("who would break cannot be told: callers are not known"))
      #expect(run.errors.contains("say --force"))
      let loosened = try await tool("mtls", "set", "namespace/payments", "PERMISSIVE", "-y")
      #expect(loosened.code == 0, "\(loosened.errors)")
      let restored = try await tool("undo", "-y")
      #expect(restored.code == 0, "taking back a loosening is not held up: \(restored.errors)")
    }

    static let inputs: [(String, String)] = [
      ("a: [", "YAML"), ("", "no difference"), ("just text", "neither a plan"),
      ("set: weights\nroute: x\n", "names no weights"),
      (
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
        "aliases"
      ),
      (String(repeating: "[", count: 5000), "nest"),
      (#"{"apiVersion":"meshdeck/v1","kind":"Plan"}"#, "no id or no intent"),
      ("apiVersion: v1\nkind: Teapot\nmetadata: {name: x}\n", "teapot"),
    ]

    @Test(arguments: inputs) func aFileThatMakesNoSenseIsRefused(text: String, words: String) async throws {
      let tool = try await DemoServer.reading.tool()
      let run = try await tool("diff", "-f", "-", input: text)
      #expect(run.code == (text.isEmpty ? 0 : 2), "\(run.errors)")
      #expect(run.errors.contains(words), "\(run.errors)")
      #expect(run.errors.utf8.count < 2000)
    }

    @Test func aKubeconfigThatMakesNoSenseIsRefused() async throws {
      let tool = try Tool(kubeconfig: nil)
      let kubeconfigs: [(String, String)] = [
        ("clusters: [", "broken"), ("", "kubeconfig"), ("\u{0}", "broken"), ("current-context: nowhere\n", "nowhere"),
        (String(repeating: "[", count: 20_000), "broken"), ("clusters: {}\n", "broken"), ("- a\n- b\n", "broken"),
      ]
      for (text, words) in kubeconfigs {
        let path = try tool.file("broken", text)
        let run = try await tool("get", "splits", more: ["KUBECONFIG": path])
        #expect(run.code == 2, "\(text.prefix(20)): \(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
      }
      let folder = try await tool("get", "splits", more: ["KUBECONFIG": tool.home])
      #expect(folder.code == 2)
      let pipe = try await tool.shell(#"mkfifo pipe; KUBECONFIG=$PWD/pipe "$deck" get splits"#)
      #expect(pipe.code == 2, "\(pipe.errors)")
    }

    @Test func aServerThatIsNotThereIsSixAndWhoMayNotIsFive() async throws {
      let endpoints = try await DemoServer.reading.endpoints()
      let text = try String(contentsOfFile: endpoints.kubeconfig, encoding: .utf8)
      func deck(_ text: String) throws -> Tool {
        let tool = try Tool(kubeconfig: nil)
        return try Tool(kubeconfig: tool.file("kubeconfig", text))
      }
      let gone = try deck(text.replacing(endpoints.kubernetes, with: "http://127.0.0.1:9"))
      for arguments in [
        ["get", "splits"], ["get", "routes", "-o", "json"], ["get", "objects"], ["describe", "route/reviews"],
      ] {
        let run = try await gone.run([Program.meshdeck] + arguments + ["--timeout", "30s"])
        #expect(run.code == 6, "\(arguments): \(run.errors)")
        #expect(run.errors.contains("127.0.0.1:9"))
      }
      let check = try await gone("planes", "check")
      #expect(check.code == 1)

      let unknown = try await deck(text.replacing("\"admin\"", with: "\"nobody-knows\""))("get", "splits", "-A")
      #expect(unknown.code == 5, "\(unknown.errors)")
      #expect(!unknown.errors.contains("nobody-knows"), "no credential in a message")
      #expect(try await deck(text.replacing("\"admin\"", with: "\"stranger\""))("get", "splits", "-A").code == 5)
      let viewer = try deck(text.replacing("\"admin\"", with: "\"viewer\""))
      #expect(try await viewer("get", "splits", "-A").code == 0)
      let write = try await viewer("canary", "set", "reviews", "v1=1", "v2=1", "-y")
      #expect(write.code == 5, "\(write.errors)")
      #expect(write.errors.contains("not permitted"))
      #expect(try await viewer("history", "-o", "name").output.isEmpty)
    }

    /// A server that would fail every write: that none fails shows that none was sent.
    @Test func readOnlySendsNoWrite() async throws {
      let mesh = try EmbeddedMesh(scenario: .builtIn("shop"))
      let endpoints = try await mesh.start()
      for method in ["PATCH", "PUT", "DELETE"] {
        mesh.api.faults.add(Faults.Order(method: method, count: 100, effect: .status(418)))
      }
      mesh.api.faults.add(
        Faults.Order(pathPrefix: "/apis/networking", method: "POST", count: 100, effect: .status(418)))
      mesh.api.faults.add(Faults.Order(pathPrefix: "/apis/security", method: "POST", count: 100, effect: .status(418)))
      let tool = try Tool(kubeconfig: nil)
      let kubeconfig = try tool.file("kubeconfig", endpoints.kubeconfig)
      let revision = mesh.store.resourceVersion
      let object =
        "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: x, namespace: shop}, spec: {hosts: [x]}}"
      for arguments in [
        ["canary", "set", "reviews", "v1=1", "v2=1", "-y"],
        ["route", "set", "reviews", "--rule", "primary", "--request-timeout", "1s", "-y"],
        ["mtls", "set", "namespace/data", "STRICT", "-y", "--force"], ["route", "delete", "reviews", "-y"],
        ["apply", "-f", "-", "-y"],
        ["canary", "set", "reviews", "v1=1", "v2=1", "--dry-run", "server"], ["route", "create", "-f", "-", "-y"],
      ] {
        let run = try await tool.run(
          [Program.meshdeck] + arguments + ["--read-only"], input: object, more: ["KUBECONFIG": kubeconfig])
        #expect(run.code == 3, "\(arguments): \(run.errors)")
        #expect(run.errors.contains("read-only"), "\(run.errors)")
        #expect(!run.errors.contains("418"), "a write was sent: \(run.errors)")
      }
      #expect(mesh.store.resourceVersion == revision)
      await mesh.stop()
    }

    @Test func aPlaneThatIsDownDoesNotEmptyTheList() async throws {
      let endpoints = try await DemoServer.reading.endpoints()
      let tool = try Tool(kubeconfig: nil)
      let gone = try tool.file(
        "gone",
        String(contentsOfFile: endpoints.kubeconfig, encoding: .utf8).replacing(
          endpoints.kubernetes, with: "http://127.0.0.1:9"))
      _ = try tool.file(
        "config/meshdeck/config.yaml",
        "planes:\n  - {name: up, kubeconfig: \"\(endpoints.kubeconfig)\"}\n  - {name: down, kubeconfig: \"\(gone)\"}\n")
      for kind in ["routes", "splits"] {
        let run = try await tool("get", kind, "-A", "-o", "json", "--timeout", "30s")
        #expect(run.code == 0, "\(run.errors)")
        let json = try run.json
        #expect(json["items"]?.array?.isEmpty == false)
        let planes = Dictionary(
          uniqueKeysWithValues: (json["planes"]?.array ?? []).map { ($0["name"]?.string ?? "", $0) })
        #expect(planes["up"]?["state"] == "live")
        #expect(planes["down"]?["state"] == "down")
        #expect(planes["down"]?["error"]?.string?.contains("127.0.0.1:9") == true)
      }
    }
  }
}
