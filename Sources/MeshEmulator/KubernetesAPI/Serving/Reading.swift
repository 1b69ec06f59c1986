import Foundation
import MeshModel

/// Single objects and lists in pages.
extension KubernetesAPIServer {
  func get(_ request: APIRequest, _ target: ResourceTarget, name: String, _ form: AnswerForm) throws(APIStatus)
    -> APIAnswer
  {
    if let asked = request["resourceVersion"] { try checkRevision(asked) }
    guard let object = store.get(target.type.id, namespace: target.namespace ?? "", name: name) else {
      throw .notFound(target.type.id, name)
    }
    return answer(with: object, target, form, request)
  }

  /// One object in the form asked for.
  func answer(
    with object: StoredObject, _ target: ResourceTarget, _ form: AnswerForm, _ request: APIRequest, status: Int = 200
  ) -> APIAnswer {
    switch form {
    case .objects:
      return APIAnswer(
        bytes: object.bytes(apiVersion: target.apiVersion, kind: target.type.kind) + [0x0A], status: status)
    case .metadata(let version):
      var bytes: [UInt8] = []
      appendPartial(object, version: version, to: &bytes)
      return APIAnswer(bytes: bytes, status: status)
    case .table(let version):
      let table = ObjectTable(target.type, version: version, includes: request["includeObject"], now: Timestamp.now())
      return APIAnswer(
        bytes: table.bytes(
          [object], apiVersion: target.apiVersion, listMetadata: revisionMetadata(object.resourceVersion)),
        status: status)
    }
  }

  func list(_ request: APIRequest, _ target: ResourceTarget, _ form: AnswerForm) throws(APIStatus) -> APIAnswer {
    let selection = try Selection(request, target)
    let limit = try limit(request)
    let page = try page(request, target, selection, limit: limit)
    var metadata: JSONValue = ["resourceVersion": .string(String(page.revision))]
    if let next = page.next { metadata["continue"] = .string(next) }
    if let remaining = page.remaining { metadata["remainingItemCount"] = .int(remaining) }
    switch form {
    case .objects: return APIAnswer(bytes: listBytes(page.objects, target, metadata))
    case .metadata(let version):
      var bytes = Array(
        "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/\(version)\",\"metadata\":".utf8)
      bytes += JSONWriter.bytes(metadata) + Array(",\"items\":[".utf8)
      for (index, object) in page.objects.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        appendPartial(object, version: version, to: &bytes)
      }
      return APIAnswer(bytes: bytes + Array("]}\n".utf8))
    case .table(let version):
      let table = ObjectTable(target.type, version: version, includes: request["includeObject"], now: Timestamp.now())
      return APIAnswer(
        bytes: table.bytes(page.objects, apiVersion: target.apiVersion, listMetadata: metadata))
    }
  }

  /// A list as bytes: built-in kinds leave the envelope out of their items, custom ones have it.
  private func listBytes(_ objects: [StoredObject], _ target: ResourceTarget, _ metadata: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(objects.reduce(256) { $0 + $1.body.count + 96 })
    func items() {
      for (index, object) in objects.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        if target.type.isCustom {
          object.append(to: &bytes, apiVersion: target.apiVersion, kind: target.type.kind)
        } else {
          bytes.append(UInt8(ascii: "{"))
          bytes.append(contentsOf: object.body)
        }
      }
    }
    let kind = "\(target.type.kind)List"
    if target.type.isCustom {
      var metadata = metadata
      metadata["continue"] = metadata["continue"] ?? ""
      bytes.append(contentsOf: "{\"apiVersion\":\"\(target.apiVersion)\",\"items\":[".utf8)
      items()
      bytes.append(contentsOf: "],\"kind\":\"\(kind)\",\"metadata\":".utf8)
      bytes.append(contentsOf: JSONWriter.bytes(metadata))
      bytes.append(contentsOf: "}\n".utf8)
    } else {
      bytes.append(contentsOf: "{\"kind\":\"\(kind)\",\"apiVersion\":\"\(target.apiVersion)\",\"metadata\":".utf8)
      bytes.append(contentsOf: JSONWriter.bytes(metadata))
      bytes.append(contentsOf: ",\"items\":[".utf8)
      items()
      bytes.append(contentsOf: "]}\n".utf8)
    }
    return bytes
  }

  /// An object reduced to its metadata.
  func appendPartial(_ object: StoredObject, version: String, to bytes: inout [UInt8]) {
    let partial: JSONValue = [
      "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
      "metadata": object.json["metadata"] ?? [:],
    ]
    bytes.append(contentsOf: JSONWriter.bytes(partial))
  }

  func revisionMetadata(_ revision: Int) -> JSONValue { ["resourceVersion": .string(String(revision))] }

  /// The most items of a page; a list from the cache (version 0) has them all, as a real server's has.
  private func limit(_ request: APIRequest) throws(APIStatus) -> Int? {
    guard let text = request["limit"], !text.isEmpty else { return nil }
    guard let limit = Int(text), limit >= 0 else {
      throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
    }
    let isCached = request["resourceVersion"] == "0" && (request["continue"] ?? "").isEmpty
    return limit == 0 || isCached ? nil : limit
  }

  /// The revision a request names, checked against the store's.
  @discardableResult
  func checkRevision(_ text: String) throws(APIStatus) -> Int? {
    if text.isEmpty { return nil }
    guard let revision = Int(text), revision >= 0 else {
      throw .badRequest(
        "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
    }
    let current = store.resourceVersion
    guard revision <= current else { throw .tooLargeResourceVersion(revision, current: current) }
    return revision
  }

  private struct Page {
    var objects: [StoredObject]
    var revision: Int
    var next: String?
    var remaining: Int?
  }

  private func page(_ request: APIRequest, _ target: ResourceTarget, _ selection: Selection, limit: Int?)
    throws(APIStatus) -> Page
  {
    let id = target.type.id
    var (index, revision) = store.snapshot(id)
    var start: ObjectKey?
    if let token = request["continue"], !token.isEmpty {
      let from = try ContinueToken(token)
      if request["resourceVersion"].map({ !$0.isEmpty && $0 != "0" }) ?? false {
        throw .badRequest("specifying resource version is not allowed when using continue")
      }
      start = from.key(namespace: target.type.isNamespaced ? target.namespace : "")
      if from.revision > 0 {
        guard let kept = store.snapshot(id, revision: from.revision) else {
          var gone = APIStatus.expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list"
              + " without the continue parameter, or use the continue token in this response to retrieve the remainder"
              + " of the results. Continuing with the provided token results in an inconsistent list - objects that"
              + " were created, modified, or deleted between the time the first chunk was returned and now may show up"
              + " in the list.")
          gone.continueToken = ContinueToken(revision: -1, start: from.start).text
          throw gone
        }
        index = kept
        revision = from.revision
      }
    } else {
      let asked = try checkRevision(request["resourceVersion"] ?? "")
      if request["resourceVersionMatch"] == "Exact", let asked, asked != revision {
        guard let kept = store.snapshot(id, revision: asked) else {
          throw .expired("The resourceVersion for the provided list is too old.")
        }
        index = kept
        revision = asked
      }
    }
    var page = Page(objects: [], revision: revision)
    var left = 0
    var isFull = false
    let counts = selection.isWhole
    index.forEach(in: target.type.isNamespaced ? selection.namespace : "", after: start) { object in
      guard selection.takes(object) else { return true }
      if let limit, page.objects.count == limit {
        isFull = true
        left += 1
        return counts
      }
      page.objects.append(object)
      return true
    }
    if isFull, let last = page.objects.last {
      store.keep(index, of: id, revision: revision)
      page.next = ContinueToken(after: last, namespace: target.namespace, revision: revision).text
      if counts { page.remaining = left }
    }
    return page
  }
}

/// The place a paged list goes on at, opaque to clients: base64url of `{"v":"meta.k8s.io/v1","rv":…,"start":…}`.
struct ContinueToken: Sendable, Hashable {
  /// The revision of the list's first page; -1 for whatever is there now.
  var revision: Int
  /// The key after the last object, relative to the namespace where the list is of one.
  var start: String

  init(revision: Int, start: String) {
    self.revision = revision
    self.start = start
  }

  init(after object: StoredObject, namespace: String?, revision: Int) {
    self.revision = revision
    let prefix = object.namespace.isEmpty || namespace != nil ? "" : "\(object.namespace)/"
    start = "\(prefix)\(object.name)\0"
  }

  /// Reads a token.
  ///
  /// - Throws: 400 where it is none.
  init(_ text: String) throws(APIStatus) {
    let padded = text.replacing("-", with: "+").replacing("_", with: "/")
    let data = Data(base64Encoded: padded + String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4))
    guard let data, let value = try? JSONValue(parsing: Array(data)), value["v"]?.string == "meta.k8s.io/v1",
      let revision = value["rv"]?.int, revision != 0, let start = value["start"]?.string, start.hasSuffix("\0")
    else { throw .badRequest("continue key is not valid: illegal base64 data or not a token of this server") }
    self.revision = revision
    self.start = start
  }

  var text: String {
    let value: JSONValue = ["v": "meta.k8s.io/v1", "rv": .int(revision), "start": .string(start)]
    return Data(JSONWriter.bytes(value)).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  /// The key of the last object before the place.
  func key(namespace: String?) -> ObjectKey {
    let path = start.dropLast()
    if let namespace { return ObjectKey(namespace, String(path)) }
    let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
    return parts.count == 2 ? ObjectKey(parts[0], parts[1]) : ObjectKey("", String(path))
  }
}
