// The API's description, shown by Swagger UI; its own start-up script would be inline, which our CSP refuses.
const container = document.getElementById("api-docs");

window.SwaggerUIBundle({
  url: container.dataset.url,
  domNode: container,
  deepLinking: true,
  validatorUrl: null, // never send the description to a validator elsewhere
  supportedSubmitMethods: [],
});
