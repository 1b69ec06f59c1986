import ArgumentParser
import Dashboard
import MeshKit

/// `meshdeck describe KIND/NAME`.
struct Describe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.describe.rawValue, abstract: "Everything known of one thing, its three truths included.",
    discussion: """
      EXAMPLES
        meshdeck describe route/reviews -n shop
        meshdeck describe service/ledger
        meshdeck describe workload/payments/ledger-v2
        meshdeck describe proxy/mainframe-1 -n payments   what it runs, certificates
        meshdeck describe virtualservice/reviews -o yaml   with the native object
      """)

  @Argument(help: "KIND/NAME, or any unambiguous part of plane/namespace/kind/name.")
  var thing: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let deck = try await options.connect()
    try await options.load(deck)
    let ref = try await deck.view.described(thing, namespace: options.allNamespaces ? nil : options.namespace)
    if options.output == .name { return try options.console.line(ref.description) }
    if ref.kind == "workload" || ref.kind == "service" {
      try await Deadline.run(options.timeout) { await deck.readProxyTLS(namespace: ref.namespace) }
    }
    let view = await deck.view
    let known = Description(of: ref, in: view)
    if options.output == .json || options.output == .yaml {
      let object = try await Deadline.run(options.timeout) { await Self.native(ref, deck) }
      return try options.console.write(list: known.document(object), as: options.output)
    }
    if view.isProxy(ref) {
      let inspection = try await Deadline.run(options.timeout) {
        try await deck.connection(ref.plane).control.inspect(ref)
      }
      return try ProxySheet(console: options.console, view: view, inspection: inspection).write()
    }
    let sheet = DescriptionSheet(console: options.console, view: view, known: known)
    try sheet.write()
    if let reason = await reasonForNoData(of: known, in: view, deck) {
      try options.console.line("no numbers: \(reason)")
    }
    if let service = view.snapshot.services[ref] {
      let control = try deck.connection(ref.plane).control
      if let held = try await Deadline.run(options.timeout, { await control.registration(of: service) }) {
        try sheet.registration(held)
      }
    }
    if let object = try? await deck.connection(ref.plane).control.native(ref) { try sheet.annotations(object) }
  }

  /// Why a service or workload has no numbers though its plane is measured, in the words of its source of measurements.
  private func reasonForNoData(of known: Description, in view: MeshView, _ deck: Deck) async -> String? {
    let ref = known.ref
    guard ref.kind == "service" || ref.kind == "workload", view.traffic(on: ref.plane).value != nil,
      let row = known.health.first(where: { $0.ref == ref }), (row.traffic.value?.n ?? 0) == 0,
      let telemetry = try? deck.connection(ref.plane).telemetry
    else { return nil }
    let flow = FlowSelector(
      namespace: ref.namespace, service: ref.kind == "workload" ? "" : ref.name,
      workload: ref.kind == "workload" ? ref.name : "")
    return try? await Deadline.run(options.timeout) { try await telemetry.reasonForNoData(of: flow, window: 60) }
  }

  /// The object as its control plane has it, or why it cannot be had.
  private static func native(_ ref: ObjectRef, _ deck: Deck) async -> Known<JSONValue> {
    do throws(MeshError) {
      return .known(try await deck.connection(ref.plane).control.native(ref).json, source: ref.plane, at: .now)
    } catch {
      return .unknown(error.message)
    }
  }
}
