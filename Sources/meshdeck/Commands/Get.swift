public import ArgumentParser
public import Dashboard
import Foundation
import MeshKit

/// `meshdeck get KIND [NAME]`.
struct Get: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CommandWord.get.rawValue, abstract: "List things of a kind.",
    discussion: """
      EXAMPLES
        meshdeck get splits -A         desired, programmed and observed weights
        meshdeck get services -n shop -o json
        meshdeck get routes -A -o name
        meshdeck get objects virtualservice -A -o yaml
        meshdeck get splits --watch
        meshdeck get proxies -A -o wide  sync by type, certificates, identities
        meshdeck get identities -A     SPIFFE ids, roots, days left; misfits first
      """)

  /// The kinds that can be listed.
  typealias Kind = ListKind

  @Argument(help: "What: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var kind: Kind

  @Argument(help: "One by name; of `objects`, the native kind.")
  var name: String?

  @Flag(name: .shortAndLong, help: "Go on, and list again whenever something changes; not of objects.")
  var watch = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    if watch, kind == .objects {
      throw MeshError(
        .usage, "native objects are not followed: `get objects` has no --watch",
        remedy: "watch a list made of them, such as `meshdeck get routes --watch`")
    }
    let deck = try await options.connect()
    let namespace = options.namespace(of: deck)
    let (options, name) = (options, name)
    if kind == .objects {
      let list = NativeList(deck: deck, options: options)
      let objects = try await Deadline.run(options.timeout) { try await list.read(kind: name, namespace: namespace) }
      return try list.write(objects)
    }
    // A stream of several planes would wait for each in turn.
    if kind == .routes, name == nil, !watch, options.output == .json, deck.live.connections.count == 1 {
      return try await Deadline.run(options.timeout) {
        try await RouteStream(deck: deck, options: options).write(namespace: namespace)
      }
    }
    let neededKinds = neededKinds
    let truths = !(kind == .routes || kind == .gateways)
    let asksProxies = kind == .mtls
    try await Deadline.run(options.timeout) {
      try await options.read(deck, neededKinds, truths: truths)
      if asksProxies { await deck.readProxyTLS(namespace: namespace) }
    }
    var listing = Listing(kind: kind, name: name, namespace: namespace, options: options)
    guard watch else {
      let view = await deck.view
      let reading = CertificateReading(deck: deck, listing: listing)
      listing.certificates = try await Deadline.run(options.timeout) { await reading.read(view) } ?? [:]
      return try listing.write(await deck.view)
    }
    var pages = Pages(options.console, clearsNotes: options.console.isTerminal && isatty(STDERR_FILENO) == 1)
    for await view in await deck.follow() {
      let new = await CertificateReading(deck: deck, listing: listing).read(view)
      listing.certificates.merge(new ?? [:]) { $1 }
      try pages.write { try listing.write(view) }
      listing.mayBeGone = true
    }
  }

  /// The kinds to read; `nil` for all.
  private var neededKinds: Set<ObjectKind>? {
    switch kind {
    case .routes, .gateways: kind.native
    default: nil
    }
  }
}

extension ListKind: ExpressibleByArgument {
  /// A kind in its plural or singular.
  public init?(argument: String) { self.init(typed: argument) }
}
