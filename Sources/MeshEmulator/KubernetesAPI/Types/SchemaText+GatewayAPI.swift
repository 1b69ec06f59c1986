extension SchemaText {
  /// The fields of the Gateway API's kinds, from the schemas of its custom resource definitions.
  static let gatewayAPI = #"""
    $GatewayAPI.BackendTLSPolicy = {spec!:{options:<s>,targetRefs!:[{group!:s,kind!:s,name!:s,sectionName:s}],
      validation!:{caCertificateRefs:[{group!:s,kind!:s,name!:s}],hostname!:s,subjectAltNames:[{hostname:s,
      type!:e(Hostname|URI),uri:s}],wellKnownCACertificates:s}},status:*}
    $GatewayAPI.GatewayClass = {spec!:{controllerName!:s,description:s,parametersRef:{group!:s,kind!:s,name!:s,
      namespace:s}},status:*}
    $GatewayAPI.Gateway = {spec!:{addresses:[{type:s,value:s}],allowedListeners:{namespaces:{from:e(All|Selector|
      Same|None),selector:{matchExpressions:[{key!:s,operator!:s,values:[s]}],matchLabels:<s>}}},
      gatewayClassName!:s,infrastructure:{annotations:<s>,labels:<s>,parametersRef:{group!:s,kind!:s,name!:s}},
      listeners!:[{allowedRoutes:{kinds:[{group:s,kind!:s}],namespaces:{from:e(All|Selector|Same),selector:{
      matchExpressions:[{key!:s,operator!:s,values:[s]}],matchLabels:<s>}}},hostname:s,name!:s,port!:i,protocol!:s,
      tls:{certificateRefs:[{group:s,kind:s,name!:s,namespace:s}],mode:e(Terminate|Passthrough),options:<s>}};name],
      tls:{backend:{clientCertificateRef:{group:s,kind:s,name!:s,namespace:s}},frontend:{default!:{validation:{
      caCertificateRefs!:[{group!:s,kind!:s,name!:s,namespace:s}],mode:e(AllowValidOnly|AllowInsecureFallback)}},
      perPort:[{port!:i,tls!:{validation:{caCertificateRefs!:[{group!:s,kind!:s,name!:s,namespace:s}],
      mode:e(AllowValidOnly|AllowInsecureFallback)}}};port]}}},status:*}
    $GatewayAPI.GRPCRoute = {spec!:{hostnames:[s],parentRefs:[{group:s,kind:s,name!:s,namespace:s,port:i,
      sectionName:s}],rules:[{backendRefs:[{filters:[{extensionRef:{group!:s,kind!:s,name!:s},
      requestHeaderModifier:{add:[{name!:s,value!:s};name],remove:[s;],set:[{name!:s,value!:s};name]},
      requestMirror:{backendRef!:{group:s,kind:s,name!:s,namespace:s,port:i},fraction:{denominator:i,numerator!:i},
      percent:i},responseHeaderModifier:{add:[{name!:s,value!:s};name],remove:[s;],set:[{name!:s,value!:s};name]},
      type!:e(ResponseHeaderModifier|RequestHeaderModifier|RequestMirror|ExtensionRef)}],group:s,kind:s,name!:s,
      namespace:s,port:i,weight:i}],filters:[{extensionRef:{group!:s,kind!:s,name!:s},requestHeaderModifier:{add:[{
      name!:s,value!:s};name],remove:[s;],set:[{name!:s,value!:s};name]},requestMirror:{backendRef!:{group:s,kind:s,
      name!:s,namespace:s,port:i},fraction:{denominator:i,numerator!:i},percent:i},responseHeaderModifier:{add:[{
      name!:s,value!:s};name],remove:[s;],set:[{name!:s,value!:s};name]},type!:e(ResponseHeaderModifier|
      RequestHeaderModifier|RequestMirror|ExtensionRef)}],matches:[{headers:[{name!:s,type:e(Exact|
      RegularExpression),value!:s};name],method:{method:s,service:s,type:e(Exact|RegularExpression)}}],name:s}]},
      status:*}
    $GatewayAPI.HTTPRoute = {spec!:{hostnames:[s],parentRefs:[{group:s,kind:s,name!:s,namespace:s,port:i,
      sectionName:s}],rules:[{backendRefs:[{filters:[{cors:{allowCredentials:b,allowHeaders:[s;],allowMethods:[s;],
      allowOrigins:[s;],exposeHeaders:[s;],maxAge:i},extensionRef:{group!:s,kind!:s,name!:s},requestHeaderModifier:{
      add:[{name!:s,value!:s};name],remove:[s;],set:[{name!:s,value!:s};name]},requestMirror:{backendRef!:{group:s,
      kind:s,name!:s,namespace:s,port:i},fraction:{denominator:i,numerator!:i},percent:i},requestRedirect:{
      hostname:s,path:{replaceFullPath:s,replacePrefixMatch:s,type!:e(ReplaceFullPath|ReplacePrefixMatch)},port:i,
      scheme:e(http|https),statusCode:i},responseHeaderModifier:{add:[{name!:s,value!:s};name],remove:[s;],set:[{
      name!:s,value!:s};name]},type!:e(RequestHeaderModifier|ResponseHeaderModifier|RequestMirror|RequestRedirect|
      URLRewrite|ExtensionRef|CORS),urlRewrite:{hostname:s,path:{replaceFullPath:s,replacePrefixMatch:s,
      type!:e(ReplaceFullPath|ReplacePrefixMatch)}}}],group:s,kind:s,name!:s,namespace:s,port:i,weight:i}],filters:[
      {cors:{allowCredentials:b,allowHeaders:[s;],allowMethods:[s;],allowOrigins:[s;],exposeHeaders:[s;],maxAge:i},
      extensionRef:{group!:s,kind!:s,name!:s},requestHeaderModifier:{add:[{name!:s,value!:s};name],remove:[s;],set:[
      {name!:s,value!:s};name]},requestMirror:{backendRef!:{group:s,kind:s,name!:s,namespace:s,port:i},fraction:{
      denominator:i,numerator!:i},percent:i},requestRedirect:{hostname:s,path:{replaceFullPath:s,
      replacePrefixMatch:s,type!:e(ReplaceFullPath|ReplacePrefixMatch)},port:i,scheme:e(http|https),statusCode:i},
      responseHeaderModifier:{add:[{name!:s,value!:s};name],remove:[s;],set:[{name!:s,value!:s};name]},
      type!:e(RequestHeaderModifier|ResponseHeaderModifier|RequestMirror|RequestRedirect|URLRewrite|ExtensionRef|
      CORS),urlRewrite:{hostname:s,path:{replaceFullPath:s,replacePrefixMatch:s,type!:e(ReplaceFullPath|
      ReplacePrefixMatch)}}}],matches:[{headers:[{name!:s,type:e(Exact|RegularExpression),value!:s};name],
      method:e(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH),path:{type:e(Exact|PathPrefix|
      RegularExpression),value:s},queryParams:[{name!:s,type:e(Exact|RegularExpression),value!:s};name]}],name:s,
      timeouts:{backendRequest:s,request:s}}]},status:*}
    $GatewayAPI.ReferenceGrant = {spec!:{from!:[{group!:s,kind!:s,namespace!:s}],to!:[{group!:s,kind!:s,name:s}]},
      status:*}
    $GatewayAPI.TCPRoute = {spec!:{parentRefs:[{group:s,kind:s,name!:s,namespace:s,port:i,sectionName:s}],rules!:[{
      backendRefs!:[{group:s,kind:s,name!:s,namespace:s,port:i,weight:i}],name:s}]},status:*}
    $GatewayAPI.TLSRoute = {spec!:{hostnames!:[s],parentRefs:[{group:s,kind:s,name!:s,namespace:s,port:i,
      sectionName:s}],rules!:[{backendRefs!:[{group:s,kind:s,name!:s,namespace:s,port:i,weight:i}],name:s}]},
      status:*}
    $GatewayAPI.ListenerSet = {spec!:{listeners!:[{allowedRoutes:*,hostname:s,name!:s,port!:i,protocol!:s,tls:{
      certificateRefs:[{group:s,kind:s,name!:s,namespace:s}],mode:e(Terminate|Passthrough),options:<s>}};name],
      parentRef!:{group:s,kind:s,name!:s,namespace:s}},status:*}
    """#
}
