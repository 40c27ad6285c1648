//! The program's source code as a tree of modules: which file defines what, and what each file refers to.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::LazyLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// One file of `src/`.
pub(crate) struct SourceFile {
    /// Its path below `src/`, with `/`.
    pub(crate) path: String,
    /// Every path in its code. Documentation and visibilities are left out, and so are re-exports: what a
    /// `pub use` names counts where it is used.
    pub(crate) references: Vec<Reference>,
    /// Its string literals, except in code that is compiled for tests only.
    pub(crate) literals: Vec<String>,
    /// Its documentation, except in code that is compiled for tests only.
    pub(crate) documentation: Vec<String>,
}

/// The files of the program's `src/`, `lib.rs` first. They are parsed once for all tests.
pub(crate) fn program() -> &'static [SourceFile] {
    static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        parse(&|path| std::fs::read_to_string(root.join(path)).ok())
    });
    &FILES
}

/// Parses `lib.rs`, as `read` gives it, and the files of all its modules.
///
/// # Panics
///
/// If the file of a module is missing or is not Rust.
pub(crate) fn parse(read: &dyn Fn(&Path) -> Option<String>) -> Vec<SourceFile> {
    let mut tree = Tree { files: Vec::new(), modules: Vec::new() };
    tree.add_file(read, Path::new("lib.rs"), Path::new(""), None, false);
    let files = tree.files.iter();
    let files = files.map(|file| {
        let LiteralReader { literals, documentation } = LiteralReader::read(file);
        let references = tree.references(file);
        SourceFile { path: file.path.clone(), references, literals, documentation }
    });
    files.collect()
}

/// The modules of a program.
struct Tree {
    files: Vec<ParsedFile>,
    modules: Vec<Module>,
}

struct ParsedFile {
    path: String,
    syntax: syn::File,
    module: usize,
    is_test: bool,
}

/// A module: a file or an inline `mod`.
struct Module {
    file: usize,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    /// Names of the items it defines.
    items: BTreeSet<String>,
    /// Names that a `use` brings in, with the paths they stand for.
    aliases: HashMap<String, Vec<String>>,
    /// Paths of `use …::*`.
    globs: Vec<Vec<String>>,
}

/// A path in the code of a file.
pub(crate) struct Reference {
    /// As written, without generic arguments.
    pub(crate) path: Vec<String>,
    /// The file that defines what it names, by its place among the files; none for another crate.
    pub(crate) file: Option<usize>,
    /// Whether it stands in code that is compiled for tests only.
    pub(crate) is_test: bool,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// An item that this file defines.
    Item(usize),
}

/// Longest chain of re-exports that is followed.
const MOST_REEXPORTS: usize = 16;

impl Tree {
    fn add_file(
        &mut self,
        read: &dyn Fn(&Path) -> Option<String>,
        path: &Path,
        folder: &Path,
        parent: Option<usize>,
        is_test: bool,
    ) -> usize {
        let text = read(path).unwrap_or_else(|| panic!("src/{} is missing", path.display()));
        let mut syntax = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("src/{}: {error}", path.display()));
        let items = std::mem::take(&mut syntax.items);
        let file = self.files.len();
        self.files.push(ParsedFile {
            path: path.to_string_lossy().replace('\\', "/"),
            syntax,
            module: self.modules.len(),
            is_test,
        });
        let module = self.add_module(read, file, folder, parent, &items);
        self.files[file].syntax.items = items;
        module
    }

    /// Adds a module of `file` whose child modules live in `folder`.
    fn add_module(
        &mut self,
        read: &dyn Fn(&Path) -> Option<String>,
        file: usize,
        folder: &Path,
        parent: Option<usize>,
        items: &[syn::Item],
    ) -> usize {
        let module = self.modules.len();
        self.modules.push(Module {
            file,
            parent,
            children: HashMap::new(),
            items: BTreeSet::new(),
            aliases: HashMap::new(),
            globs: Vec::new(),
        });
        for item in items {
            if let syn::Item::Use(item) = item {
                let module = &mut self.modules[module];
                for leaf in leaves(item) {
                    match leaf.name {
                        Some(name) => drop(module.aliases.insert(name, leaf.path)),
                        None => module.globs.push(leaf.path),
                    }
                }
            } else if let syn::Item::Mod(item) = item {
                let name = item.ident.to_string();
                let inner = folder.join(&name);
                let child = if let Some((_, items)) = &item.content {
                    self.add_module(read, file, &inner, Some(module), items)
                } else {
                    let is_test = self.files[file].is_test || is_for_tests(&item.attrs);
                    let beside = folder.join(format!("{name}.rs"));
                    let path = match read(&beside) {
                        Some(_) => beside,
                        None => inner.join("mod.rs"),
                    };
                    self.add_file(read, &path, &inner, Some(module), is_test)
                };
                self.modules[module].children.insert(name, child);
            } else if let Some(name) = name_of(item) {
                self.modules[module].items.insert(name);
            }
        }
        module
    }

    fn references(&self, file: &ParsedFile) -> Vec<Reference> {
        let mut reader = Reader {
            tree: self,
            module: file.module,
            is_test: file.is_test,
            references: Vec::new(),
        };
        reader.visit_file(&file.syntax);
        reader.references
    }

    /// Where `path`, written in `module`, leads; none if into another crate.
    fn resolve(&self, module: usize, path: &[String], depth: usize) -> Option<Target> {
        if depth > MOST_REEXPORTS {
            return None;
        }
        let mut current = Target::Module(module);
        for (place, name) in path.iter().enumerate() {
            let Target::Module(inside) = current else {
                break;
            };
            let is_last = place + 1 == path.len();
            current = match &**name {
                "crate" => Target::Module(0),
                "self" => Target::Module(inside),
                "super" => Target::Module(self.modules[inside].parent?),
                name => match self.member(inside, name, is_last, depth) {
                    Some(target) => target,
                    None if place == 0 => return None,
                    // What a macro makes.
                    None => Target::Item(self.modules[inside].file),
                },
            };
        }
        Some(current)
    }

    /// What `name` means in a module.
    fn member(&self, module: usize, name: &str, is_last: bool, depth: usize) -> Option<Target> {
        let Module { file, children, items, aliases, globs, .. } = &self.modules[module];
        let child = || children.get(name).map(|child| Target::Module(*child));
        let item = || items.contains(name).then_some(Target::Item(*file));
        let alias = || {
            let path = aliases.get(name)?;
            // `use clap::…` beside a module `clap`, and `use self::plan::plan`.
            self.resolve(module, path, depth + 1)
        };
        let glob = || {
            globs.iter().find_map(|path| match self.resolve(module, path, depth + 1)? {
                Target::Module(inside) if inside != module => {
                    self.member(inside, name, is_last, depth + 1)
                }
                Target::Module(_) | Target::Item(_) => None,
            })
        };
        if depth > MOST_REEXPORTS {
            None
        } else if is_last {
            item().or_else(alias).or_else(child).or_else(glob)
        } else {
            child().or_else(alias).or_else(item).or_else(glob)
        }
    }

    /// The file of what `path` names. A single word never names a module: it may be a variable.
    fn file_of(&self, module: usize, path: &[String], is_import: bool) -> Option<usize> {
        match self.resolve(module, path, 0)? {
            Target::Module(_) if path.len() == 1 && !is_import => None,
            Target::Module(module) => Some(self.modules[module].file),
            Target::Item(file) => Some(file),
        }
    }
}

/// One name of a `use`.
struct Leaf {
    /// What it is called here; none for `*`.
    name: Option<String>,
    path: Vec<String>,
}

fn leaves(item: &syn::ItemUse) -> Vec<Leaf> {
    fn collect(tree: &syn::UseTree, path: &[String], leaves: &mut Vec<Leaf>) {
        let with = |name: &syn::Ident| {
            let mut path = path.to_vec();
            if name != "self" || path.is_empty() {
                path.push(name.to_string());
            }
            path
        };
        match tree {
            syn::UseTree::Path(tree) => collect(&tree.tree, &with(&tree.ident), leaves),
            syn::UseTree::Name(tree) => {
                let path = with(&tree.ident);
                leaves.push(Leaf { name: path.last().cloned(), path });
            }
            syn::UseTree::Rename(tree) => {
                leaves.push(Leaf { name: Some(tree.rename.to_string()), path: with(&tree.ident) });
            }
            syn::UseTree::Glob(_) => leaves.push(Leaf { name: None, path: path.to_vec() }),
            syn::UseTree::Group(tree) => {
                for tree in &tree.items {
                    collect(tree, path, leaves);
                }
            }
        }
    }
    let mut found = Vec::new();
    if item.leading_colon.is_none() {
        collect(&item.tree, &[], &mut found);
    }
    found
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`syn` may add kinds of items")]
fn name_of(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Macro(item) => item.ident.as_ref()?,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        syn::Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Whether attributes say that an item is compiled for tests only.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    fn needs_test(meta: &syn::Meta) -> bool {
        let parts = || match meta {
            syn::Meta::List(list) => list
                .parse_args_with(
                    syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated,
                )
                .unwrap_or_default(),
            syn::Meta::Path(_) | syn::Meta::NameValue(_) => syn::punctuated::Punctuated::new(),
        };
        let path = meta.path();
        path.is_ident("test")
            || (path.is_ident("all") && parts().iter().any(needs_test))
            || (path.is_ident("any") && parts().iter().all(needs_test))
    }
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Meta>().is_ok_and(|meta| needs_test(&meta))
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`syn` may add kinds of items")]
fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Collects the paths of a file.
struct Reader<'a> {
    tree: &'a Tree,
    module: usize,
    is_test: bool,
    references: Vec<Reference>,
}

impl Reader<'_> {
    fn add(&mut self, path: Vec<String>, is_import: bool) {
        if path.first().is_none_or(|first| first == "Self") {
            return;
        }
        self.references.push(Reference {
            file: self.tree.file_of(self.module, &path, is_import),
            path,
            is_test: self.is_test,
        });
    }

    /// Paths in the arguments of a macro or an attribute. A single word counts where it can only be an item.
    fn tokens(&mut self, tokens: &TokenStream) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let is_colon = |place: usize| matches!(tokens.get(place), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        let mut place = 0;
        while let Some(token) = tokens.get(place) {
            place += 1;
            match token {
                TokenTree::Group(group) => self.tokens(&group.stream()),
                TokenTree::Ident(ident) => {
                    let before = tokens.get(place.wrapping_sub(2));
                    let is_field = matches!(
                        before,
                        Some(TokenTree::Punct(punct)) if punct.as_char() == '.'
                    );
                    let mut path = vec![ident.to_string()];
                    while is_colon(place)
                        && is_colon(place + 1)
                        && let Some(TokenTree::Ident(next)) = tokens.get(place + 2)
                    {
                        path.push(next.to_string());
                        place += 3;
                    }
                    let is_call = matches!(
                        tokens.get(place),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis
                    );
                    let is_item =
                        path.len() > 1 || is_call || path[0].starts_with(char::is_uppercase);
                    if is_item && !is_field {
                        self.add(path, false);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let outer = self.is_test;
        self.is_test |= is_for_tests(attributes_of(item));
        visit::visit_item(self, item);
        self.is_test = outer;
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let outer = self.module;
        if item.content.is_some() {
            self.module = self.tree.modules[outer].children[&item.ident.to_string()];
            visit::visit_item_mod(self, item);
        }
        self.module = outer;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if matches!(item.vis, syn::Visibility::Inherited) {
            for leaf in leaves(item) {
                self.add(leaf.path, true);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|part| part.ident.to_string());
            self.add(names.collect(), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(&item.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(&list.tokens);
        }
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

/// Collects the string literals of a file.
#[derive(Default)]
struct LiteralReader {
    literals: Vec<String>,
    documentation: Vec<String>,
}

impl LiteralReader {
    fn read(file: &ParsedFile) -> Self {
        let mut reader = Self::default();
        if !file.is_test {
            reader.visit_file(&file.syntax);
        }
        reader
    }

    fn tokens(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            match token {
                TokenTree::Group(group) => {
                    let mut inner = Self::default();
                    inner.tokens(&group.stream());
                    self.documentation.append(&mut inner.documentation);
                    let first = group.stream().into_iter().next();
                    // `/// …` in a macro.
                    let is_doc = first.is_some_and(|first| first.to_string() == "doc");
                    let texts = if is_doc { &mut self.documentation } else { &mut self.literals };
                    texts.append(&mut inner.literals);
                }
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.literals.push(text.value());
                    }
                }
                TokenTree::Punct(_) | TokenTree::Ident(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for LiteralReader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(&item.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(&list.tokens);
        }
        let mut texts = Self::default();
        visit::visit_attribute(&mut texts, attribute);
        self.documentation.extend(texts.literals);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.literals.push(text.value());
    }
}
