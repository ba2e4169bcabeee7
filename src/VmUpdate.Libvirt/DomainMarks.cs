using System.Xml.Linq;
using VmUpdate.Libvirt.Native;

namespace VmUpdate.Libvirt;

/// <summary>
/// The marks in a machine's metadata. Each has an XML namespace of its own, so that libvirt replaces it in one step and two processes that
/// set different marks never undo each other. They are kept in the description that the machine is started by: the one it runs by came,
/// after a restore, out of the saved state and is as old as that.
/// </summary>
internal static class DomainMarks
{
    private const string Prefix = "urn:vmupdate:mark:";
    private const string ElementName = "mark";

    /// <summary>The mark whose namespace this is, or <see langword="null"/>.</summary>
    internal static string? NameOf(string uri) =>
        uri.StartsWith(Prefix, StringComparison.Ordinal) ? Uri.UnescapeDataString(uri.Substring(Prefix.Length)) : null;

    /// <summary>A mark as it stands in a description.</summary>
    internal static XElement Element(string mark, string text) => new(XName.Get(ElementName, Prefix + Uri.EscapeDataString(mark)), text);

    internal static void Set(Domain domain, string mark, string? text)
    {
        byte[] uri = Utf8.Of(Prefix + Uri.EscapeDataString(mark));
        byte[]? element = text is null ? null : Utf8.Of(new XElement(ElementName, text).ToString(SaveOptions.DisableFormatting));
        if (VirApi.SetMetadata(domain.Handle, VirApi.MetadataElement, element, Utf8.Of("vmupdate"), uri, VirApi.AffectConfig) < 0)
        {
            LibvirtError error = LibvirtError.Last();
            if (text is not null || error.Code != LibvirtError.NoMetadata)
            {
                throw LibvirtErrors.Translate(error, domain.Name, $"noting the mark '{mark}'");
            }
        }
    }
}
