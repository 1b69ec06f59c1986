import MeshModel
import MeshTransport

/// What a page of a list says besides its items.
struct ListPage: Sendable, Hashable {
  /// The version of the list: where a watch goes on.
  var resourceVersion = ""
  /// The token of the next page; empty on the last.
  var next = ""
  /// The items read.
  var count = 0
  /// The items still to come, where the server says.
  var remaining: Int?
  /// The kind of the list, such as `PodList`.
  var kind = ""
  /// The items that could not be read, each with its fault.
  var faults: [String] = []

  /// Reads a page, handing each item to `item`, which gives up on an item by throwing; the page goes on behind it.
  ///
  /// - Parameter kind: The kind of the items; an answer that says it is something else than their list is refused; empty for
  ///   any.
  static func read(
    _ body: [UInt8], kind: String = "", item: (inout JSONReader) throws(JSONError) -> Void
  ) throws(JSONError) -> ListPage {
    try JSONReader.read(body) { reader throws(JSONError) in
      var page = ListPage()
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "kind":
          page.kind = try reader.optionalString() ?? ""
          if !kind.isEmpty, !page.kind.isEmpty, page.kind != "\(kind)List", page.kind != "List" {
            throw JSONError(.wrongType, at: 0, expected: "a \(kind)List, not a \(page.kind.prefix(80))")
          }
        case "metadata":
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "resourceVersion": page.resourceVersion = try reader.optionalString() ?? ""
            case "continue": page.next = try reader.optionalString() ?? ""
            case "remainingItemCount": page.remaining = try reader.readNull() ? nil : reader.int()
            default: try reader.skip()
            }
          }
        case "items":
          try reader.array { reader throws(JSONError) in
            var attempt = reader
            page.count += 1
            do throws(JSONError) {
              try item(&attempt)
              reader = attempt
            } catch {
              let meta = (try? ObjectMeta.peek(reader)) ?? ObjectMeta()
              let name = meta.name.isEmpty ? "item \(page.count)" : meta.name
              page.faults.append("\(meta.namespace.isEmpty ? "" : "\(meta.namespace)/")\(name): \(error)")
              try reader.skip()
            }
          }
        default: try reader.skip()
        }
      }
      return page
    }
  }
}

/// The identity of an object, read without the rest of it.
struct ObjectMeta: Sendable, Hashable {
  var namespace = ""
  var name = ""
  var resourceVersion = ""

  /// Reads the identity of the object that `reader` stands before, without moving it or reading on behind its metadata.
  static func peek(_ reader: JSONReader) throws(JSONError) -> ObjectMeta {
    var copy = reader
    guard try copy.enter("metadata") else { return ObjectMeta() }
    var meta = ObjectMeta()
    try copy.object { key, reader throws(JSONError) in
      switch key {
      case "namespace": meta.namespace = try reader.optionalString() ?? ""
      case "name": meta.name = try reader.optionalString() ?? ""
      case "resourceVersion": meta.resourceVersion = try reader.optionalString() ?? ""
      default: try reader.skip()
      }
    }
    return meta
  }
}

extension KubernetesClient {
  /// Which state of the resource a list may show.
  enum Freshness: Sendable, Hashable {
    /// The newest.
    case newest
    /// At least as new as this version; answered from the server's cache.
    case notOlder(than: String)
  }

  /// A list that could not be read to its end.
  enum ListFailure: Error {
    case status(KubernetesStatus)
    case failed(MeshError)

    func meshError(_ what: String, plane: PlaneName) -> MeshError {
      switch self {
      case .status(let status): status.error(what, plane: plane)
      case .failed(let error): error
      }
    }
  }

  /// The items a page asks for, unless so many are too much at once.
  static let pageSize = 500

  /// The version of a collection in the server's cache, asked for without its items.
  ///
  /// A list from the cache ignores `limit` (apiserver, `shouldDelegateList`: a limit counts where the version is not 0), so a
  /// name that no object can have keeps the items out.
  func cachedVersion(of path: ResourcePath, kind: String) async throws(MeshError) -> String {
    let what = "ask for the version of \(path.plural)"
    let response = try await send(
      .get, path.text, query: [("fieldSelector", "metadata.name=-"), ("resourceVersion", "0")], what: what)
    do throws(JSONError) {
      return try ListPage.read(response.body, kind: kind) { reader throws(JSONError) in try reader.skip() }
        .resourceVersion
    } catch {
      throw unexpected(response.body, error, what: what)
    }
  }

  /// Lists a collection page by page.
  ///
  /// A page token that expired half-way (410) restarts the list once, from the newest state, after `restarted` was called.
  /// A server whose tokens go in a circle is not followed for ever. Objects too large for a page of them are asked for in
  /// pages half as long, down to one.
  ///
  /// - Parameter selector: The label selector of the items; empty lists all.
  /// - Returns: The version a watch goes on from.
  func list(
    _ path: ResourcePath, selector: String = "", freshness: Freshness = .newest, what: String,
    restarted: () async -> Void,
    page receive: (HTTPResponse) async throws(JSONError) -> ListPage
  ) async throws(ListFailure) -> String {
    do throws(MeshError) { try check(path, nil) } catch { throw .failed(error) }
    var (token, hasRestarted, freshness) = ("", false, freshness)
    var size = Self.pageSize
    var seen: Set<String> = []
    while true {
      var query: [(String, String?)] = [("limit", String(size))]
      if !selector.isEmpty { query.append(("labelSelector", selector)) }
      if !token.isEmpty {
        query.append(("continue", token))
      } else if case .notOlder(let version) = freshness {
        query += [("resourceVersion", version), ("resourceVersionMatch", "NotOlderThan")]
      }
      let response: HTTPResponse
      do throws(MeshError) {
        response = try await answer(.get, path.text, query: query, limits: .page, what: what)
      } catch {
        guard error.isTooLarge, size > 1 else { throw .failed(error) }
        size = max(size / 8, 1)
        continue
      }
      guard response.isSuccess else {
        let status = KubernetesStatus(code: response.status, body: response.body)
        guard status.isExpired, !token.isEmpty, !hasRestarted else { throw .status(status) }
        (token, hasRestarted, freshness, seen) = ("", true, .newest, [])
        await restarted()
        continue
      }
      let page: ListPage
      do throws(JSONError) {
        page = try await receive(response)
      } catch {
        throw .failed(unexpected(response.body, error, what: what))
      }
      if page.next.isEmpty { return page.resourceVersion }
      guard seen.insert(page.next).inserted else {
        throw .failed(MeshError(.malformed, "\(what): the pages go in a circle", plane: plane))
      }
      token = page.next
    }
  }
}
