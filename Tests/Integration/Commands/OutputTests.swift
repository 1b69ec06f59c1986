import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// What reaches standard output and a terminal, whatever the terminal and whatever the names.
  @Suite(.timeLimit(.minutes(2))) struct OutputTests {
    @Test func aReaderThatGoesAwayEndsItQuietly() async throws {
      let tool = try await DemoServer.reading.tool()
      for arguments in ["get routes -A -o yaml", "get objects -o json", "get workloads -A", "completion bash"] {
        let run = try await tool.shell(#""$deck" \#(arguments) | head -n 1; echo "${PIPESTATUS[0]}""#)
        let lines = run.output.split(separator: "\n")
        #expect(["0", "141"].contains(lines.last ?? ""), "\(arguments): \(run.output)")
        #expect(!run.errors.lowercased().contains("fatal") && !run.errors.contains("Broken pipe"), "\(run.errors)")
      }
    }

    @Test func aFullDiskIsToldNotSwallowed() async throws {
      let tool = try await DemoServer.reading.tool()
      for arguments in [
        "get routes -A -o json", "get workloads -A", "version", "completion zsh", "get routes -A -o name",
      ] {
        let run = try await tool.shell(#""$deck" \#(arguments) > /dev/full"#)
        #expect(run.code == 1, "\(arguments)")
        #expect(run.errors.contains("write error: No space left on device"), "\(arguments): \(run.errors)")
      }
      let closed = try await tool.shell(#""$deck" get routes -A -o json >&-"#)
      #expect(closed.code != 139 && closed.code != 132 && closed.code != 0, "\(closed.code)")
    }

    /// The journal cannot grow, so nothing is written to the mesh.
    @Test func aJournalThatCannotGrowRefusesTheWrite() async throws {
      let tool = try await EditingCommandTests.plant("nospace")
      let before = try await EditingCommandTests.spec("nospace")
      let run = try await tool.shell(#"ulimit -f 1; "$deck" canary set nospace v1=60 v2=40 -y -o name"#)
      #expect(run.code == 1, "\(run.errors)")
      #expect(run.errors.contains("journal") && run.errors.contains("nothing was changed"), "\(run.errors)")
      #expect(try await EditingCommandTests.spec("nospace") == before)
      #expect(try await tool("history", "-o", "name").output.isEmpty, "no torn line is left")
      let readOnly = try await tool(
        "canary", "set", "nospace", "v1=60", "v2=40", "-y", more: ["XDG_STATE_HOME": "/proc/1"])
      #expect(readOnly.code == 1, "\(readOnly.errors)")
      #expect(try await EditingCommandTests.spec("nospace") == before)
    }

    /// Annotations and host names that would drive a terminal, as every form of output shows them.
    @Test func noNameDrivesATerminal() async throws {
      let tool = try await DemoServer.writing.tool()
      let url =
        "\(try await DemoServer.writing.endpoints().kubernetes)/apis/networking.istio.io/v1/namespaces/legacy/virtualservices"
      let path = try tool.file(
        "evil.json",
        #"""
        {"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"evil","namespace":"legacy",
         "annotations":{"clip":"\u001b]52;c;aGk=\u0007","c1":"\u009b2J","bidi":"\u202eabc","back":"prod\b\b\b\bdev "}},
         "spec":{"hosts":["\u001b[2J\u001b[Hevil\r\n.example"],"http":[{"name":"\u001b]0;owned\u0007\u009d",
          "route":[{"destination":{"host":"a\u200b"},"weight":1},{"destination":{"host":"a"},"weight":1}]}]}}
        """#)
      _ = try await tool.shell(
        "curl -s -X DELETE \(url)/evil >&2; curl -sf -X POST -H 'Content-Type: application/json' --data-binary @\(path) '\(url)?fieldValidation=Ignore'"
      )
      for arguments in [
        "get routes -n legacy", "get routes -n legacy -o wide", "get routes -n legacy -o json",
        "get routes -n legacy -o yaml", "get routes -n legacy -o name",
        "get splits -n legacy", "describe route/evil", "describe virtualservice/evil -o json",
        "describe virtualservice/evil -o yaml", "route show evil",
        "analyze -n legacy", "graph -n legacy", "canary set evil a=3 --dry-run client",
        "get objects virtualservice -n legacy",
      ] {
        let run = try await tool.shell(#""$deck" \#(arguments)"#)
        #expect(!(run.output + run.errors).isEmpty, "\(arguments)")
        for scalar in (run.output + run.errors).unicodeScalars where scalar != "\n" {
          let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          let isHidden =
            (0x200B...0x200F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
            || (0x2066...0x2069).contains(scalar.value)
          #expect(!isControl && !isHidden, "\(arguments) writes U+\(String(scalar.value, radix: 16))")
          if isControl || isHidden { break }
        }
      }
      // What is escaped in JSON is the same text when read.
      let json = try await tool("get", "routes", "-n", "legacy", "-o", "json").json
      #expect(json["items"]?[0]?["hosts"]?[0] == "\u{1b}[2J\u{1b}[Hevil\r\n.example")
      let yaml = try await tool("describe", "virtualservice/evil", "-o", "yaml")
      #expect(try await tool("diff", "-f", "-", input: yaml.output).code == 0, "YAML reads back as it was")
      _ = try await tool.run(["curl", "-s", "-X", "DELETE", "\(url)/evil"])
    }

    /// A terminal of `script`, eighty columns wide.
    static func onTerminal(_ tool: Tool, _ arguments: String, more: [String: String]) async throws -> Program.Run {
      try await tool.shell(
        #"stty -a >/dev/null 2>&1; script -qec "stty cols 80; '$deck' \#(arguments) 2>/dev/null" /dev/null </dev/null"#,
        more: more)
    }

    @Test func coloursAreForTerminalsThatHaveThem() async throws {
      let tool = try await DemoServer.reading.tool()
      let list = "get workloads -n payments"
      let coloured = try await Self.onTerminal(tool, list, more: ["TERM": "xterm"])
      #expect(coloured.output.contains("\u{1b}["), "\(coloured.output)")
      for (more, arguments) in [
        (["TERM": "xterm", "NO_COLOR": "1"], list), (["TERM": "dumb"], list), (["TERM": "xterm"], list + " --no-color"),
      ] {
        let plain = try await Self.onTerminal(tool, arguments, more: more)
        #expect(!plain.output.contains("\u{1b}"), "\(more): \(plain.output)")
        #expect(plain.output.contains("ledger-v1"))
        #expect(plain.output.split(whereSeparator: \.isNewline).allSatisfy { $0.count <= 80 }, "fitted to the terminal")
      }
      let pipe = try await tool("get", "workloads", "-n", "payments", more: ["TERM": "xterm"])
      #expect(!pipe.output.contains("\u{1b}"))
    }

    @Test func theDashboardNeedsATerminal() async throws {
      let tool = try await DemoServer.reading.tool()
      for (arguments, more) in [
        ([], ["TERM": "xterm"]), (["dashboard"], ["TERM": "dumb"]), (["demo"], ["TERM": "xterm"]),
      ] {
        let run = try await tool.run([Program.meshdeck] + arguments, more: more)
        #expect(run.code == 2, "\(arguments): \(run.errors)")
        #expect(run.errors.split(separator: "\n").count <= 2)
        #expect(!run.output.contains("\u{1b}"))
      }
    }

    @Test func everyCommandHasHelpWithAnExample() async throws {
      let tool = try Tool(kubeconfig: nil)
      let json = try await tool("--experimental-dump-help").json
      var commands: [[String]] = []
      func collect(_ command: JSONValue, _ path: [String]) {
        for inner in command["subcommands"]?.array ?? [] where inner["commandName"] != "help" {
          guard let name = inner["commandName"]?.string else { continue }
          commands.append(path + [name])
          // A longer line would be broken in the middle of an example.
          for line in (inner["discussion"]?.string ?? "").split(separator: "\n") where line.hasPrefix(" ") {
            #expect(line.count <= 80, "\(name): \(line)")
          }
          collect(inner, path + [name])
        }
      }
      collect(json["command"] ?? .null, [])
      #expect(commands.count > 25)
      for command in commands {
        let run = try await tool.run([Program.meshdeck] + command + ["--help"])
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("EXAMPLE"), "\(command.joined(separator: " ")) --help shows no example")
        #expect(run.output.contains("meshdeck \(command.joined(separator: " "))"), "\(command)")
      }
    }

    @Test func completionsAndVersionAreData() async throws {
      let tool = try Tool(kubeconfig: nil)
      for shell in ["bash", "zsh", "fish"] {
        let run = try await tool("completion", shell)
        #expect(run.code == 0)
        #expect(run.output.contains("meshdeck") && run.output.contains("canary"))
      }
      let bash = try await tool.shell(#""$deck" completion bash > c.bash && bash -n c.bash"#)
      #expect(bash.code == 0, "\(bash.errors)")
      let manual = try await tool("completion", "man")
      #expect(manual.output.contains(".SH KEYS") && manual.output.contains("routes.edit: e"))
      let version = try await tool("version")
      #expect(version.output.hasPrefix("meshdeck "))
      #expect(
        try await tool("--version").output.trimmingCharacters(in: .newlines)
          == version.output.dropFirst(9).trimmingCharacters(in: .newlines))
    }

    @Test func everyFormOfOutputIsKnownEverywhere() async throws {
      let tool = try await DemoServer.reading.tool()
      #expect(try await tool("top", "-A", "-o", "json").json["kind"]?.string == "ServiceList")
      #expect(try await tool("top", "workloads", "-A", "-o", "name").output.contains("/shop/workload/"))
      let measured = try await DemoServer.reading.tool(measured: true)
      let edges = try await measured("top", "edges", "-A", "-o", "json").json["items"]?.array ?? []
      let rates = edges.compactMap { $0["rps"]?.double }
      #expect(rates.count > 5 && rates == rates.sorted(by: >), "\(rates)")
      #expect(try await tool("graph", "-A", "-o", "yaml").output.contains("kind: Graph"))
      #expect(try await tool("graph", "-n", "shop", "-o", "name").output.contains("/shop/workload/cart"))
      #expect(
        try await tool("describe", "route/reviews", "-n", "shop", "-o", "name").output
          == "demo/shop/virtualservice/reviews\n")
      let check = try await tool("mtls", "check", "namespace/shop", "PERMISSIVE", "-o", "json")
      #expect(try check.json["kind"]?.string == "Plan")
      let dry = try await tool("canary", "set", "reviews", "v1=70", "v2=30", "-n", "shop", "--dry-run")
      #expect(dry.code == 0 && dry.output.contains("v1 → 70"), "\(dry.errors)")
      #expect(try await tool("version", "-o", "yaml").output.contains("kind: Version"))
      let number = try await tool("version", "-o", "name").output
      #expect(try await tool("version").output == "meshdeck \(number)")
      let checks = try await tool("planes", "check", "-o", "name").output.split(separator: "\n")
      #expect(checks.contains { $0.hasPrefix("demo/") } && Set(checks).count == checks.count, "\(checks)")
    }

    @Test func whereTheEmbeddedMeshIsServedIsToldInEveryForm() async throws {
      let tool = try Tool(kubeconfig: nil)
      for (form, words) in [("yaml", "kubernetes: "), ("name", "demo"), ("table", "export KUBECONFIG=")] {
        let run = try await tool.shell(
          """
          "$deck" demo --serve --scenario small -o \(form) > \(form) 2>/dev/null & pid=$!
          until [ -s \(form) ]; do kill -0 $pid || exit 9; sleep 0.1; done
          kill $pid; wait $pid; cat \(form)
          """)
        #expect(run.code == 0 && run.output.hasPrefix(words) == (form != "yaml"), "\(form): \(run.output)")
        #expect(run.output.contains(words) && (form == "table" || !run.output.contains("export")), "\(run.output)")
      }
    }

    @Test func planesAreKeptInAFileOfOurs() async throws {
      let tool = try await DemoServer.reading.tool()
      #expect(
        try await tool(
          "planes", "add", "lab", "--kubeconfig", tool.kubeconfig ?? "", "--scrape", "http://127.0.0.1:1/metrics"
        ).code == 0)
      #expect(try await tool("planes", "add", "lab").code == 2)
      #expect(try await tool("planes", "list", "-o", "name").output == "demo\nlab\n")
      #expect(try await tool("get", "routes", "-A", "-p", "lab", "-o", "name").output.hasPrefix("lab/"))
      #expect(try await tool("planes", "remove", "lab").code == 0)
      #expect(try await tool("planes", "remove", "lab").code == 2)
      #expect(try await tool("planes", "list", "-o", "name").output == "demo\n")
    }
  }
}
