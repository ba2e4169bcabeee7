using System.Security.AccessControl;
using System.Security.Principal;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>Who may say what runs as LocalSystem: Windows itself and the administrators.</summary>
internal static class Trust
{
    private const string TrustedInstaller = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

    private const FileSystemRights Writing = FileSystemRights.WriteData | FileSystemRights.AppendData | FileSystemRights.WriteExtendedAttributes
        | FileSystemRights.WriteAttributes | FileSystemRights.Delete | FileSystemRights.DeleteSubdirectoriesAndFiles | FileSystemRights.ChangePermissions
        | FileSystemRights.TakeOwnership;

    /// <summary>GENERIC_WRITE and GENERIC_ALL, which an entry may hold unmapped.</summary>
    private const int GenericWriting = 0x5000_0000;

    private static readonly SecurityIdentifier System = new(WellKnownSidType.LocalSystemSid, null);
    private static readonly SecurityIdentifier Administrators = new(WellKnownSidType.BuiltinAdministratorsSid, null);

    /// <summary>Rights of LocalSystem and the administrators alone, for a folder and all in it.</summary>
    internal static DirectorySecurity PrivateFolder()
    {
        var security = new DirectorySecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        security.SetOwner(Administrators);
        foreach (SecurityIdentifier who in new[] { System, Administrators })
        {
            security.AddAccessRule(new FileSystemAccessRule(
                who, FileSystemRights.FullControl, InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit, PropagationFlags.None, AccessControlType.Allow));
        }

        return security;
    }

    /// <summary>Rights of LocalSystem and the administrators alone, for a pipe.</summary>
    internal static global::System.IO.Pipes.PipeSecurity PrivatePipe()
    {
        var security = new global::System.IO.Pipes.PipeSecurity();
        foreach (SecurityIdentifier who in new[] { System, Administrators })
        {
            security.AddAccessRule(new global::System.IO.Pipes.PipeAccessRule(who, global::System.IO.Pipes.PipeAccessRights.FullControl, AccessControlType.Allow));
        }

        return security;
    }

    /// <summary>Why a file or folder may not say what runs as LocalSystem; <see langword="null"/> when it may.</summary>
    internal static string? WhyNot(string path)
    {
        if (WhyNotOwned(path) is { } why)
        {
            return why;
        }

        FileSystemAccessRule? open = SecurityOf(path).GetAccessRules(true, true, typeof(SecurityIdentifier)).Cast<FileSystemAccessRule>().FirstOrDefault(rule =>
            rule.AccessControlType == AccessControlType.Allow
            && (rule.PropagationFlags & PropagationFlags.InheritOnly) == 0
            && ((rule.FileSystemRights & Writing) != 0 || ((int)rule.FileSystemRights & GenericWriting) != 0)
            && !IsTrusted((SecurityIdentifier)rule.IdentityReference));
        return open is null ? null : $"{path} can be written by {open.IdentityReference}";
    }

    /// <summary>Why a file or folder is not one of LocalSystem's or the administrators' own; <see langword="null"/> when it is.</summary>
    internal static string? WhyNotOwned(string path)
    {
        if (!Directory.Exists(path) && !File.Exists(path))
        {
            return $"there is no {path}";
        }

        if ((File.GetAttributes(path) & FileAttributes.ReparsePoint) != 0)
        {
            return $"{path} is a link, and links are not followed";
        }

        var owner = (SecurityIdentifier)SecurityOf(path).GetOwner(typeof(SecurityIdentifier));
        return IsTrusted(owner) ? null : $"{path} belongs to {owner}, and must belong to LocalSystem or the administrators";
    }

    private static FileSystemSecurity SecurityOf(string path) => Directory.Exists(path) ? Directory.GetAccessControl(path) : File.GetAccessControl(path);

    private static bool IsTrusted(SecurityIdentifier who) => who == System || who == Administrators || who.Value == TrustedInstaller;
}
